"""The programs beside the gateway, where no broker is needed."""

import io
from pathlib import Path

import pytest
import yaml

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.decided_tables import MANUAL_ACTS
from jobs import create_key_store, erase_subject, show_pseudonym
from jobs.privacy.key_store import open_key_store
from jobs.settings import load_settings
from schemas.manual_act import ActKind, ActOutcome
from tests.iceberg.filling import LocalCatalog
from tests.jobs.acting import entries_of
from tests.jobs.privacy.gateway_program import ENVIRON, PRIVACY
from udfs.keying import subject_key_of

Output = pytest.CaptureFixture[str]
PERSON = "jane@example.com"
WHO = ("--by", "Ann", "--reason", "request  7\nof May")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The settings of a key store that is not created yet."""
    shape = {
        "kafka": {"bootstrap_servers": "broker:9092"},
        "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
        "metering": {"meters_file": "meters.yaml"},
        "flink": {"checkpoint_dir": "checkpoints"},
        "privacy": {**PRIVACY, "intake_topic": "intake"},
    }
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(shape))
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", MANUAL_ACTS)
    return path


def create(path: Path) -> int:
    """Create the key store."""
    return create_key_store.main(["--settings", str(path)], ENVIRON)


def show(path: Path, *options: str, subject: str = PERSON) -> int:
    """Show a pseudonym."""
    words = ["--settings", str(path), "--subject", subject, *WHO, *options]
    return show_pseudonym.main(words, ENVIRON)


def erase(path: Path, *options: str, subject: str = PERSON) -> int:
    """Erase a subject."""
    return erase_subject.main(["--settings", str(path), "--subject", subject, *options], ENVIRON)


def test_the_key_store_is_created_once(path: Path, capsys: Output) -> None:
    """Again it only looks at the master key."""
    assert create(path) == 0
    assert capsys.readouterr().out == "key store: created\n"
    assert create(path) == 0
    assert capsys.readouterr().out == "key store: exists, with this master key\n"
    for environ in ({}, {"METERCLOSE_PRIVACY_MASTER_KEY": "another one " * 4}):
        assert create_key_store.main(["--settings", str(path)], environ) == 2
        error = capsys.readouterr().err
        assert error.startswith("master key, ")
        assert error.count("\n") == 1


def test_a_pseudonym_is_shown_and_made_on_demand_alone(path: Path, capsys: Output) -> None:
    """A mistyped subject must not become one."""
    assert show(path) == 2
    assert "create it: python -m jobs.create_key_store" in capsys.readouterr().err
    create(path)
    assert show(path) == 1
    assert "found none; --create makes one" in capsys.readouterr().err
    assert show(path, "--create") == 0
    pseudonym = capsys.readouterr().out.splitlines()[-1]
    assert pseudonym.startswith("p-")
    assert show(path) == 0
    assert capsys.readouterr().out == f"{pseudonym}\n"


def test_erasing_says_what_is_left_and_names_nobody(path: Path, capsys: Output) -> None:
    """What is printed may be kept; erasing again is told from erasing."""
    create(path)
    show(path, "--create")
    pseudonym = capsys.readouterr().out.splitlines()[-1]
    assert erase(path, *WHO) == 0
    told = capsys.readouterr().out
    assert told.startswith("erased: the subject's key is dropped, by Ann: request 7 of May\n")
    for left in ("forget the key within 1 s", "raw records go from intake", "backups"):
        assert left in told
    assert "jane" not in told
    assert pseudonym not in told
    assert erase(path, *WHO) == 0
    assert capsys.readouterr().out.startswith("nothing to erase: the subject has no key")
    privacy = load_settings(path, ENVIRON).privacy
    assert privacy is not None
    with open_key_store(privacy) as store:
        assert store.find_key(PERSON) is None


def test_the_log_of_manual_acts_has_who_asked_and_names_nobody(path: Path) -> None:
    """Two rows for each act, under a name that is neither the subject nor its pseudonym."""
    create(path)
    assert show(path) == 1
    assert show(path, "--create") == 0
    privacy = load_settings(path, ENVIRON).privacy
    assert privacy is not None
    with open_key_store(privacy) as store:
        name = store.log_name(PERSON)
        key = store.find_key(PERSON)
    assert key is not None
    assert erase(path, *WHO) == 0
    entries = entries_of(path.parent)
    kinds = [ActKind.READ_SUBJECT, ActKind.READ_SUBJECT, ActKind.ERASE_SUBJECT]
    assert [each.kind for each in entries[::2]] == [each.kind for each in entries[1::2]] == kinds
    assert {each.outcome for each in entries[1::2]} == {ActOutcome.DONE}
    assert [each.about for each in entries[1::2]] == [
        '{"had_key":false}', '{"had_key":true}', '{"had_key":true}'
    ]  # fmt: skip
    for each in entries:
        assert (each.decided_by, each.reason) == ("Ann", "request 7 of May")
        assert PERSON not in str(each)
        assert subject_key_of(key, PERSON).pseudonym not in str(each)
    assert all(name in each.about for each in entries[::2])


def test_without_the_log_nothing_is_erased(path: Path, capsys: Output) -> None:
    """An act that cannot be kept is not done."""
    create(path)
    show(path, "--create")
    open_catalog(LocalCatalog(path.parent)).drop_table(("billing", MANUAL_ACTS.name))
    capsys.readouterr()
    assert erase(path, *WHO) == 2
    assert capsys.readouterr().err.count("\n") == 1
    privacy = load_settings(path, ENVIRON).privacy
    assert privacy is not None
    with open_key_store(privacy) as store:
        assert store.find_key(PERSON) is not None


def test_where_tables_are_only_read_nobody_is_erased(path: Path, capsys: Output) -> None:
    """Nor looked up: the log could not say so."""
    create(path)
    show(path, "--create")
    shape = yaml.safe_load(path.read_text())
    shape["catalog"]["read_only"] = True
    path.write_text(yaml.safe_dump(shape))
    capsys.readouterr()
    assert erase(path, *WHO) == 2
    assert "found catalog.read_only: true" in capsys.readouterr().err
    assert show(path) == 2
    assert "found catalog.read_only: true" in capsys.readouterr().err
    privacy = load_settings(path, ENVIRON).privacy
    assert privacy is not None
    with open_key_store(privacy) as store:
        assert store.find_key(PERSON) is not None


def test_a_subject_may_come_by_standard_input(
    path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it stands in no list of processes."""
    create(path)
    show(path, "--create")
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PERSON}\n"))
    assert erase(path, *WHO, subject="-") == 0
    assert capsys.readouterr().out.startswith("erased: ")


@pytest.mark.parametrize(
    ("options", "subject", "line"),
    [
        (("--reason", "r"), PERSON, "expected --by with a word"),
        (("--by", "Ann", "--reason", " "), PERSON, "expected --reason with a word"),
        (WHO, "", "expected a subject of 1 to 256 characters, found 0 characters"),
        (WHO, "x" * 257, "expected a subject of 1 to 256 characters, found 257 characters"),
        (WHO, "a\nb", "expected a subject of 1 to 256 characters"),
    ],
)
def test_what_is_missing_is_asked_for(
    path: Path, capsys: Output, options: tuple[str, ...], subject: str, line: str
) -> None:
    """One line, and nothing is erased."""
    create(path)
    assert erase(path, *options, subject=subject) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_settings_without_the_section_are_refused(path: Path, capsys: Output) -> None:
    """There is nobody to show, to create or to erase."""
    shape = yaml.safe_load(path.read_text())
    del shape["privacy"]
    path.write_text(yaml.safe_dump(shape))
    for run in (create, show, lambda path: erase(path, *WHO)):
        assert run(path) == 2
        assert "expected a section privacy, found none" in capsys.readouterr().err
