"""The store of subjects' keys, as the doctor finds it."""

from pathlib import Path

import pytest
import yaml

from jobs.diagnosing.checking_privacy import check_key_store
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.privacy.key_store import create_key_store
from schemas.finding import Finding, Verdict
from tests.jobs.diagnosing.examined import examined, only
from tests.jobs.metered_tables import write_settings
from tests.jobs.privacy.stores import MASTER_KEY, sqlite_settings


def private(folder: Path, master_key: str = MASTER_KEY) -> Deployment:
    """Return a deployment with a section on personal data."""
    write_settings(folder)
    path = folder / "settings.yaml"
    section = {"intake_topic": "intake", "key_store": str(folder / "keys.db")}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"privacy": section}))
    return examined(folder, environ={"METERCLOSE_PRIVACY_MASTER_KEY": master_key})


def test_a_store_that_answers(tmp_path: Path) -> None:
    """Nothing is written."""
    create_key_store(sqlite_settings(tmp_path))
    before = (tmp_path / "keys.db").read_bytes()
    assert only(check_key_store(private(tmp_path))) == Finding(
        Verdict.OK, "answers, with this master key; 0 keys were dropped"
    )
    assert (tmp_path / "keys.db").read_bytes() == before


def test_no_store_and_another_master_key(tmp_path: Path) -> None:
    """Each in the line that the programs print, without the key."""
    finding = only(check_key_store(private(tmp_path)))
    assert finding.verdict is Verdict.FAILED
    assert "jobs.create_key_store" in finding.remedy
    create_key_store(sqlite_settings(tmp_path))
    other = "another key of thirty-two bytes or more"
    finding = only(check_key_store(private(tmp_path, other)))
    assert finding.verdict is Verdict.FAILED
    assert finding.found.startswith("master key, ")
    assert other not in str(finding)


def test_without_the_section_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    """Said as such."""
    with pytest.raises(UnmetError, match="no section privacy"):
        list(check_key_store(examined(tmp_path)))
