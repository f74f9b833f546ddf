"""The gateway's program: what it refuses, where records are gone, and an erased subject."""

import json
import signal
from itertools import count
from pathlib import Path

import pytest
import yaml
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions

from jobs import erase_subject, publish_accounts, show_pseudonym
from jobs.create_topics import topic_options
from jobs.kafka_clients import open_admin
from jobs.local.waiting import wait_until
from jobs.pseudonymize_usage import main
from schemas.account import decode_account
from tests.conftest import Kafka
from tests.jobs.privacy.gateway_program import ENVIRON, GatewayWorld, Raw, make_gateway_world
from tests.jobs.test_publishing import read
from tests.udfs.reading import event

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
ROOT = Path(__file__).parents[3]
WAIT_S = 120
WHO = ("--by", "Ann", "--reason", "request 7")
_numbers = count()
Output = pytest.CaptureFixture[str]


@pytest.fixture
def world(kafka: Kafka, tmp_path: Path) -> GatewayWorld:
    """Topics and files that nobody else uses."""
    name = f"gateway-{next(_numbers)}"
    return make_gateway_world(tmp_path, kafka.bootstrap_servers, name, "LogAppendTime")


def run(world: GatewayWorld, *options: str, **environ: str) -> int:
    """Run the program where it is to end by itself; pytest's own signals stay pytest's."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main(["--settings", str(world.path), *options], {**ENVIRON, **environ}, lambda: 0.0)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def used(subject: str, number: int) -> Raw:
    """Return a raw record of the first partition."""
    data = {"units": 1, "place": "x", "color": "red"}
    return 0, 0, subject.encode(), event(id=f"e{number}", subject=subject, data=data)


def subjects_of(world: GatewayWorld) -> list[str]:
    """Return the accounts of the usage topic, in their order."""
    return [json.loads(each.value)["subject"] for each in world.usage()]


def wait_for_usage(world: GatewayWorld, records: int) -> None:
    """Wait until the usage topic has so many records."""
    wait_until(lambda: world.count_usage() >= records, "records in the usage topic", WAIT_S)


def pseudonym_of(world: GatewayWorld, capsys: Output, *options: str) -> str:
    """Return what the program shows of jane."""
    arguments = ["--settings", str(world.path), "--subject", "jane", *WHO, *options]
    assert show_pseudonym.main(arguments, ENVIRON) == 0
    return capsys.readouterr().out.strip()


def erase(world: GatewayWorld, capsys: Output) -> str:
    """Erase jane; return what is printed."""
    arguments = ["--settings", str(world.path), "--subject", "jane"]
    assert erase_subject.main([*arguments, *WHO], ENVIRON) == 0
    return capsys.readouterr().out


def test_an_erased_subject_is_another_account_from_then_on(
    world: GatewayWorld, capsys: Output
) -> None:
    """A running gateway forgets the key by itself; accounts and usage have the same pseudonym."""
    accounts = world.folder / "accounts.yaml"
    shape = yaml.safe_load((ROOT / "config/accounts.yaml").read_text())
    shape["accounts"] = [{**shape["accounts"][0], "account_id": "jane"}]
    accounts.write_text(json.dumps(shape, default=str))
    arguments = ["--settings", str(world.path), "--accounts", str(accounts), *WHO]
    assert publish_accounts.main(arguments, ENVIRON) == 0
    capsys.readouterr()
    first = pseudonym_of(world, capsys)
    kafka = world.settings.kafka
    ((_, _, key, value),) = read(kafka, kafka.accounts_topic)
    assert key == first.encode()
    assert decode_account(value or b"").account_id == first
    gateway = world.start()
    world.send([used("jane", 1), used("joe", 2)])
    wait_for_usage(world, 2)
    assert erase(world, capsys).startswith(
        "erased: the subject's key is dropped, by Ann: request 7"
    )
    assert erase(world, capsys).startswith("nothing to erase: the subject has no key")

    def is_forgotten() -> bool:
        gateway.check()
        before = world.count_usage()
        world.send([used("jane", 3), used("joe", 4)])
        wait_for_usage(world, before + 2)
        return subjects_of(world)[-2] != first

    wait_until(is_forgotten, "another pseudonym", WAIT_S)
    gateway.stop()
    second = pseudonym_of(world, capsys)
    found = subjects_of(world)
    assert found[0] == first
    assert found[-2] == second
    assert len(set(found)) == 3, "joe has one, jane two"


def test_deleted_records_are_not_passed_over_silently(world: GatewayWorld, capsys: Output) -> None:
    """Where retention was faster than the gateway, it ends, and goes on when it is told to."""
    gateway = world.start()
    world.send([used("jane", 1)])
    wait_for_usage(world, 1)
    gateway.stop()
    world.send([used("jane", number) for number in range(5)])
    with open_admin(world.settings.kafka) as admin:
        admin.delete_records({TopicPartition(world.intake, 0): 4})
    assert run(world) == 1
    error = capsys.readouterr().err
    assert "expected offset 1 of partition 0, found 4 to 6; records were deleted before" in error
    gateway = world.start("--skip-deleted")
    wait_for_usage(world, 3)
    gateway.stop()
    assert "found 4 to 6; going on at 4" in world.said()
    assert world.count_usage() == 3


def test_other_numbers_of_partitions_are_refused(world: GatewayWorld, capsys: Output) -> None:
    """A record would have no partition of its number, or order would be lost."""
    with open_admin(world.settings.kafka) as admin:
        admin.create_partitions({world.intake: NewPartitions(4)})
    assert run(world) == 2
    error = capsys.readouterr().err
    assert f"partitions, topic {world.intake}: expected 3, as " in error
    assert error.count("\n") == 1


def test_an_intake_that_keeps_records_longer_is_refused(
    world: GatewayWorld, capsys: Output
) -> None:
    """It is created to forget; what was changed since, by whomever, is noticed."""
    with open_admin(world.settings.kafka) as admin:
        options = topic_options(admin, world.settings.kafka, world.intake)
        assert (options["retention.ms"], options["segment.ms"]) == ("86400000", "3600000")
        change = {"retention.ms": "604800000"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, world.intake, change)])
    assert run(world) == 2
    error = capsys.readouterr().err
    assert f"topic {world.intake}: expected retention.ms=86400000, found 604800000" in error


def test_what_does_not_fit_is_refused_at_the_start(world: GatewayWorld, capsys: Output) -> None:
    """Another master key, no key store, and rules that change what meters count."""
    other = {"METERCLOSE_PRIVACY_MASTER_KEY": "another one " * 4}
    assert run(world, **other) == 2
    assert "expected the one that the key store was created with" in capsys.readouterr().err
    assert run(world, METERCLOSE_PRIVACY_KEY_STORE="elsewhere.db") == 2
    assert "elsewhere.db: expected a file, found nothing; create it" in capsys.readouterr().err
    world.path.write_text(world.path.read_text().replace("units: keep", "units: hash"))
    assert run(world) == 2
    error = capsys.readouterr().err
    assert "privacy.data.units: expected keep, as meter bytes counts it, found hash" in error
    assert error.startswith(f"bad value, {world.path}:")
    world.path.write_text(world.path.read_text().partition("privacy:")[0])
    assert run(world) == 2
    assert "expected a section privacy, found none" in capsys.readouterr().err
