"""The program refuses in one line what would meter nothing, or the wrong thing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.meter_pod import main
from jobs.metering_agent.running import Moment
from jobs.metering_agent.spool import LEAST_BYTES, Spool
from tests.jobs.metering_agent.fake_node import SLICE, FakeGroup
from tests.jobs.metering_agent.pod_program import arguments, environ

ENVIRON = environ("nowhere:1", "usage")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A folder with a node that has the pod."""
    FakeGroup(tmp_path / "node")
    return tmp_path


def run(folder: Path, *more: str, **changes: str) -> int:
    """Run the program with a clock that nobody asks."""
    return main(arguments(folder, *more), ENVIRON | changes, lambda: Moment(0, 0), "boot")


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--account", ""], "bad option, --account: expected 1 to 256 printable characters"),
        (["--account", "a" * 257], "bad option, --account: expected 1 to 256 printable"),
        (["--pod", "a\nb"], "bad option, --pod: expected 1 to 256 printable characters"),
        (["--pod-uid", "$(POD_UID)"], "bad option, --pod-uid: expected a uid, found '$(POD_UID)'"),
        (["--pod-uid", "../x"], "bad option, --pod-uid: expected a uid, found '../x'"),
        (["--pod-uid", "0"], "expected one folder of the pod 0, found none"),
        (["--every", "0"], "bad option, --every: expected from 1 to 3600, found 0"),
        (["--grace", "-1"], "bad option, --grace: expected from 0 to 3600, found -1"),
        (["--spool-bytes", "9"], f"bad option, --spool-bytes: expected from {LEAST_BYTES}"),
        (["--settings", "none.yaml"], "none.yaml: expected a YAML file, found nothing"),
        (["--spool", "/proc/none"], "spool, /proc/none: expected a folder that can be written"),
    ],
)
def test_a_bad_option_is_one_line(
    node: Path, capsys: pytest.CaptureFixture[str], more: list[str], line: str
) -> None:
    """It names the option, and what was expected."""
    assert run(node, *more) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def _no_group(folder: Path) -> None:
    (folder / "node" / SLICE / "memory.current").unlink()


def _leave(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "changes", "line"),
    [
        (_no_group, {}, "expected memory.current of cgroup v2, found No such file"),
        (
            _leave,
            {"METERCLOSE_KAFKA_TIMESTAMP_TYPE": "CreateTime"},
            "kafka.timestamp_type: expected LogAppendTime",
        ),
        (
            _leave,
            {"METERCLOSE_KAFKA_PROPERTY_SECURITY_PROTOCOL": "SASL_SSL"},
            "kafka.properties sasl.jaas.config: expected",
        ),
    ],
)
def test_bad_surroundings_are_one_line(
    node: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    changes: dict[str, str],
    line: str,
) -> None:
    """A node without cgroup v2, a topic that is an import, a login without its secret."""
    spoil(node)
    assert run(node, **changes) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_two_agents_of_one_spool(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second one is refused."""
    with Spool(node / "spool", LEAST_BYTES):
        assert run(node) == 2
    assert "expected no other agent, found one that has it open" in capsys.readouterr().err
