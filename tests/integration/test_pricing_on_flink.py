"""`price_usage --runner flink`: the same rows as processes on this machine, in all that can happen.

Both runners take the same steps (`pricing_runs`), each in a world of its own.
"""

import json
import re
import subprocess
from typing import Any

import pytest

from iceberg.tables import METERING_WINDOWS
from jobs.local.places import PYTHON, ROOT
from jobs.pricing.running import Runner
from tests.integration.pricing_runs import Player
from tests.integration.pricing_worlds import REFUSED
from tests.integration.test_mini_cluster import BEAMS_FAREWELL
from tests.integration.test_plan import Operator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

Found = dict[str, Any]


@pytest.fixture(scope="module")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What came of all steps on Flink's mini cluster."""
    folder = tmp_path_factory.mktemp("flink")
    file = folder / "found.json"
    module = "tests.integration.pricing_runs"
    done = subprocess.run(
        [str(PYTHON), "-m", module, "flink", str(folder), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in BEAMS_FAREWELL.sub("", done.stderr)
    found: Found = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What came of all steps on this machine."""
    found = Player(Runner.LOCAL, tmp_path_factory.mktemp("local")).play()
    plain: Found = json.loads(json.dumps(found))
    return plain


def test_charges_are_identical(flink: Found, local: Found) -> None:
    """Row by row, all columns but the run: with corrections, windows, credit and repeated rows."""
    assert flink["runs"]["charges"] == local["runs"]["charges"]
    charges = [json.loads(each) for each in local["runs"]["charges"]]
    assert {each["account_id"] for each in charges} == set("ABCDE")
    assert {each["revision"] for each in charges} == {0, 1}
    assert {each["card_version"] for each in charges} == {1, 2}
    assert {each["kind"] for each in charges} >= {"usage", "credit", "discount", "trial"}
    assert any("b-e1" in each["usage_row_ids"] for each in charges)


def test_reports_and_books_are_identical(flink: Found, local: Found) -> None:
    """Accounts, numbers and sums; the second run has the corrections, the third nothing."""

    def told(found: Found) -> list[Found]:
        return [{**each, "run_id": bool(each["run_id"])} for each in found["runs"]["reports"]]

    assert told(flink) == told(local)
    assert [each["charges"] for each in told(flink)] == [38, 15, 0]
    assert flink["runs"]["entries"] == local["runs"]["entries"] > 38 + 15


def test_runs_say_the_same_of_themselves(flink: Found, local: Found) -> None:
    """Totals, fingerprints and the hash of the output; snapshots are each world's own."""
    own = ("run_id", "input_snapshots")

    def told(found: Found) -> list[Found]:
        rows = found["runs"]["runs"]
        return [{name: row[name] for name in row if name not in own} for row in rows]

    assert told(flink) == told(local)
    assert [row["status"] for row in told(flink)] == ["started", "finished"] * 2
    assert flink["runs"]["branches"] == ["main"]


def test_a_dry_run_finds_what_a_run_on_flink_has_read(flink: Found, local: Found) -> None:
    """Priced again on this machine, no line of the last run differs."""
    assert (flink["runs"]["dry run"], local["runs"]["dry run"]) == (0, 0)


def _without_farewell(found: Found) -> Found:
    """Return what a program printed that has Python's workers in its own process."""
    return {**found, "error": BEAMS_FAREWELL.sub("", found["error"])}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_is_refused_alike(flink: Found, local: Found, name: str) -> None:
    """The same line and exit code; no snapshot and no file is left."""
    found = _without_farewell(flink["refusals"][name])
    assert found == local["refusals"][name]
    assert found["code"] in (1, 2)
    assert found["error"].count("\n") == 1
    assert found["is unchanged"]


def test_a_job_that_fails_is_one_line(flink: Found) -> None:
    """Of what it came from, such as a file that was lost; nothing is written."""
    found = _without_farewell(flink["failed"])
    assert found["code"] == 2
    line = r"pricing job: expected it to finish, found .*parquet.*; nothing is charged\n"
    assert re.fullmatch(line, found["error"])
    assert found["is unchanged"]


def test_a_run_that_died_leaves_a_branch_that_nobody_reads(flink: Found, local: Found) -> None:
    """A later run charges all; once it cannot become the table any more the branch is gone."""
    found = flink["at once"]
    assert len(found["left"]) == 1
    assert found["count"] == 0
    assert found["branches"] == ["main"]
    assert found["files of nobody"] == []


def test_of_two_at_once_one_looks_again(flink: Found, local: Found) -> None:
    """The other one charged a part before the branch was published: the rest is charged."""
    found = flink["at once"]
    assert found["report"]["run_id"] in found["run ids"]
    assert len(found["run ids"]) == found["snapshots"] == 2
    assert found["report"]["charges"] < len(found["charges"])
    assert found["amount_minor"] == local["runs"]["reports"][0]["amount_minor"]["USD"]
    assert found["entries"] > len(found["charges"])


def test_operators_have_names_and_uids(flink: Found) -> None:
    """Ours and those of SQL; what PyFlink inserts for a side output has no state."""
    operators = [Operator(**each) for each in flink["plan"]]
    names = {each.name: each for each in operators}
    for name in ("find_detailed", "charge_accounts"):
        assert names[name].uid == name
        assert len(names[name].description) > 40
    assert any(METERING_WINDOWS.name in each.name for each in operators)
    assert {each.name for each in operators if each.uid is None} <= {"Map"}
