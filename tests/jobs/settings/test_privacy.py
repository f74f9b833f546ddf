"""The section `privacy`: what it may say, and the one line, with its place, for each mistake."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings import PrivacySettings, SettingsError, check_rules, load_kafka, load_settings
from schemas.aggregation import Aggregation
from schemas.meter import Meter
from schemas.privacy import KEEP, REMOVE, MemberAction, MemberRule

LEAST = """\
kafka: {bootstrap_servers: "broker:9092"}
catalog: {uri: catalog.db, warehouse: warehouse}
metering: {meters_file: meters.yaml}
flink: {checkpoint_dir: checkpoints}
privacy:
  intake_topic: usage-intake
  key_store: keys.db
"""
WHOLE = f"""\
{LEAST}
  group: ours
  intake_retention_h: 6
  key_recheck_s: 30
  hash_ids: true
  hash_sources: true
  data:
    units: keep
    email: remove
    user: hash
    postcode: {{prefix: 2}}
  otherwise: keep
  extensions:
    traceparent: keep
"""
Load = Callable[..., PrivacySettings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the section from a text."""

    def load_text(text: str = LEAST, **environ: str) -> PrivacySettings:
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        privacy = load_settings(path, environ).privacy
        assert privacy is not None
        return privacy

    return load_text


def test_the_least_section_removes_what_it_does_not_name(load: Load, tmp_path: Path) -> None:
    """Privacy is the default: nothing beside units and dimensions that are named is kept."""
    privacy = load()
    assert privacy.intake_topic == "usage-intake"
    assert privacy.key_store == str(tmp_path / "keys.db")
    assert (privacy.group, privacy.intake_retention_h, privacy.key_recheck_s) == (
        "meterclose-privacy",
        24,
        10,
    )
    assert privacy.rules.otherwise == REMOVE
    assert not privacy.rules.data
    assert not privacy.rules.extensions
    assert not privacy.rules.hash_ids
    assert not privacy.rules.hash_sources


def test_a_whole_section(load: Load) -> None:
    """Each rule in its form."""
    privacy = load(WHOLE)
    assert privacy.rules.data == {
        "units": KEEP,
        "email": REMOVE,
        "user": MemberRule(MemberAction.HASH),
        "postcode": MemberRule(MemberAction.PREFIX, 2),
    }
    assert privacy.rules.otherwise == KEEP
    assert privacy.rules.extensions == {"traceparent": KEEP}
    assert privacy.rules.hash_ids
    assert privacy.rules.hash_sources
    assert (privacy.group, privacy.intake_retention_h, privacy.key_recheck_s) == ("ours", 6, 30)


def test_secrets_come_from_the_environment_and_are_not_shown(load: Load) -> None:
    """The master key and the address of the store; printing them shows neither."""
    address = "postgresql://me:hidden-2@db/keys"
    environ = {
        "METERCLOSE_PRIVACY_MASTER_KEY": "hidden-1",
        "METERCLOSE_PRIVACY_KEY_STORE": address,
        "METERCLOSE_PRIVACY_KEY_RECHECK_S": "5",
        "METERCLOSE_PRIVACY_HASH_IDS": "true",
    }
    privacy = load(LEAST, **environ)
    assert (privacy.master_key, privacy.key_store) == ("hidden-1", address)
    assert privacy.key_recheck_s == 5
    assert privacy.rules.hash_ids
    assert "hidden" not in repr(privacy)
    assert "postgresql://me:***@db/keys" in repr(privacy)


def test_a_file_without_the_section_has_no_privacy(tmp_path: Path) -> None:
    """A variable alone does not switch it on; the section does not disturb who reads only Kafka."""
    path = tmp_path / "settings.yaml"
    path.write_text(LEAST.partition("privacy:")[0])
    environ = {"METERCLOSE_PRIVACY_MASTER_KEY": "x" * 32}
    assert load_settings(path, environ).privacy is None
    path.write_text(WHOLE)
    assert load_kafka(path, environ).usage_topic == "usage-events"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("group:", "groop:", ":9 privacy.groop: expected one of intake_topic, "),
        ("  key_store: keys.db\n", "", "missing setting, "),
        ("key_store: keys.db", "key_store: mysql://me:hidden@db", "expected the path of a SQLite"),
        ("key_store: keys.db", "master_key: x", ":7 privacy.master_key: expected the environment"),
        ("intake_retention_h: 6", "intake_retention_h: 0", ":10 privacy.intake_retention_h: "),
        ("key_recheck_s: 30", "key_recheck_s: soon", "expected a whole number from 1 to 3600"),
        ("hash_ids: true", "hash_ids: some", ":12 privacy.hash_ids: expected true or false"),
        ("email: remove", "email: mask", ":16 privacy.data.email: expected keep, remove, hash or"),
        ("{prefix: 2}", "{prefix: 0}", ":18 privacy.data.postcode.prefix: expected a whole"),
        ("{prefix: 2}", "{suffix: 2}", ":18 privacy.data.postcode: expected keep, remove, "),
        ("otherwise: keep", "otherwise: hash", ":19 privacy.otherwise: expected keep or remove"),
        ("traceparent: keep", "subject: keep", ":21 privacy.extensions.subject: expected another"),
        ("usage-intake", "usage-events", "privacy.intake_topic: expected another topic than kafka"),
        ("meters.yaml}", "meters.yaml, max_record_bytes: 255}", "expected at least 256 with a"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(load: Load, old: str, new: str, line: str) -> None:
    """File, line, expected, found; no secret."""
    assert old in WHOLE
    with pytest.raises(SettingsError) as caught:
        load(WHOLE.replace(old, new))
    assert line in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_variable_is_refused(load: Load) -> None:
    """A mistake in a name must not leave a secret unused."""
    with pytest.raises(SettingsError, match=r"expected one of intake_.*METERCLOSE_PRIVACY_X"):
        load(LEAST, METERCLOSE_PRIVACY_X="1")


def test_rules_that_change_what_is_counted_have_a_place(load: Load, tmp_path: Path) -> None:
    """Where the rule stands; where none does, the line of what should hold it."""
    meter = Meter("m", "used", Aggregation.SUM, "units", "u", ("user", "color"), 0, 0)
    path = tmp_path / "settings.yaml"
    check_rules(path, load(WHOLE), [meter])
    privacy = load(WHOLE.replace("units: keep", "units: hash"))
    with pytest.raises(
        SettingsError, match=r"yaml:15 privacy.data.units: expected keep, as meter m"
    ):
        check_rules(path, privacy, [meter])
    privacy = load(WHOLE.replace("otherwise: keep", "otherwise: remove"))
    with pytest.raises(
        SettingsError, match=r"yaml:14 privacy.data.color: .*remove, from otherwise"
    ):
        check_rules(path, privacy, [meter])
