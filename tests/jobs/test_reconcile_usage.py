"""The audit over tables that the simulated job filled: it finds what is planted, and no more."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.reconciliation_tables import RECONCILIATION_DIFFERENCES, RECONCILIATIONS
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from jobs.reconcile_usage import main
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.planted_errors import SEED, Planted, plant
from tests.jobs.simulated_tables import ForgetfulJob, simulate

NOW = datetime(2026, 11, 30, tzinfo=UTC)
Output = pytest.CaptureFixture[str]
Found = dict[str, Any]


def reconcile(settings: Path, capsys: Output, *arguments: str, code: int) -> Found:
    """Return what the program found, as JSON."""
    given = ["--settings", str(settings), "--json", *arguments]
    assert main(given, {}, lambda: NOW) == code, capsys.readouterr()
    found: Found = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("seed", [4, 10])
def test_what_the_job_wrote_is_right(seed: int, tmp_path: Path, capsys: Output) -> None:
    """Every aggregation, whatever is late, repeated, taken back or crashes; and the law holds."""
    found = reconcile(simulate(seed, tmp_path).write(tmp_path), capsys, "--ranges", "3", code=0)
    assert (found["differences"], found["difference_count"], found["gaps"]) == ([], 0, [])
    assert found["rows_recomputed"] > 0
    assert found["settled_until"] == found["watermark"]
    assert all(each["holds"] for each in found["ranges"])
    assert len(found["ranges"]) > 3


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Tables with one error of each kind, each in usage of its own."""
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def wrong(planted: Planted) -> list[Found]:
    """The differences as the tables keep them, of one run that wrote them."""
    arguments = ["--settings", str(planted.settings), "--buckets", "3", "--json"]
    assert main(arguments, {}, lambda: NOW) == 1
    catalog = open_catalog(LocalCatalog(planted.settings.parent))
    (run,), kept = (
        catalog.load_table(("billing", table.name)).scan().to_arrow().to_pylist()
        for table in (RECONCILIATIONS, RECONCILIATION_DIFFERENCES)
    )
    assert {each["run_id"] for each in kept} == {run["run_id"]}
    assert (run["at"], run["differences"], run["checkpoint_id"]) == (NOW, len(kept), 2)
    return [{**each, "events": json.loads(each["events"])} for each in kept]


def _of(found: list[Found], row: Found) -> list[Found]:
    """Return the differences of a row's account, meter, dimensions and period."""
    names = ("account_id", "meter_id", "dimensions", "period_start")
    return [each for each in found if all(each[name] == row[name] for name in names)]


def test_nothing_but_what_was_planted_is_found(planted: Planted, wrong: list[Found]) -> None:
    """One difference for each error; a row that moved is two."""
    tables = sorted(each["table_name"] for each in wrong)
    assert tables == [
        *["budget_alerts"] * 2,
        *["closed_usage"] * 5,
        "dimension_overflows",
        "expired_usage",
        "raw_events",
        "rejected_events",
        *["retracted_usage"] * 2,
        "retractions",
        "unassigned_usage",
    ]


def test_a_lost_row_is_found(planted: Planted, wrong: list[Found]) -> None:
    """With the events that were in it."""
    (difference,) = _of(wrong, planted.lost)
    assert (difference["kind"], difference["found"]) == ("missing", "no row")
    assert len(difference["events"]) >= planted.lost["event_count"]
    assert difference["explained_by"] == "revision"


def test_a_billionth_is_found(planted: Planted, wrong: list[Found]) -> None:
    """No rounding hides it."""
    (difference,) = _of(wrong, planted.changed)
    assert difference["kind"] == "different_quantity"
    texts = [difference[side].split()[1].rstrip(",") for side in ("expected", "found")]
    assert Decimal(texts[1]) - Decimal(texts[0]) == Decimal("0.000000001")


def test_an_event_that_counts_twice_is_found(planted: Planted, wrong: list[Found]) -> None:
    """In running usage and in the closed row: the window that disagrees names the event."""
    (difference,) = _of(wrong, planted.twice)
    assert difference["kind"] == "different_quantity"
    assert difference["explained_by"] == "windows"
    assert len(difference["events"]) == 1


def test_a_row_of_another_period_is_found(planted: Planted, wrong: list[Found]) -> None:
    """It lacks where it belongs, and is one too many where it stands."""
    moved = planted.moved
    (stands,) = _of(wrong, moved)
    before = {**moved, "period_start": moved["period_start"] + timedelta(days=400)}
    (lacks,) = _of(wrong, before)
    assert (stands["kind"], lacks["kind"]) == ("unexpected", "missing")


def test_wrong_usage_beside_all_periods_is_found(wrong: list[Found]) -> None:
    """An expired row that is lost, and an unassigned one with another reason."""
    found = {each["table_name"]: each for each in wrong}
    assert found["expired_usage"]["kind"] == "missing"
    assert found["unassigned_usage"]["kind"] == "different_column"
    assert all(found[name]["events"] for name in ("expired_usage", "unassigned_usage"))


def test_a_wrong_refusal_is_found(wrong: list[Found]) -> None:
    """A record that is said to be refused and is not."""
    (difference,) = (each for each in wrong if each["table_name"] == "rejected_events")
    assert (difference["kind"], difference["found"]) == ("unexpected", "not_an_object")


def _beside(found: list[Found], table: str) -> dict[str, Found]:
    """Return the differences of a table by their kind."""
    return {each["kind"]: each for each in found if each["table_name"] == table}


def test_a_retraction_that_says_something_else_is_found(
    planted: Planted, wrong: list[Found]
) -> None:
    """At its place, with what it says; what it took back is as it was."""
    difference = _beside(wrong, "retractions")["different_column"]
    named = planted.aside["retractions"]["retracted_id"]
    assert difference["found"] == f"retracted_id {named}"
    assert difference["expected"] == f"retracted_id {named.removesuffix('x')}"
    (event,) = difference["events"]
    assert event["kafka_offset"] == planted.aside["retractions"]["kafka_offset"]


def test_wrong_usage_taken_back_is_found(planted: Planted, wrong: list[Found]) -> None:
    """A billionth, and an event that nobody took back; each names the event."""
    found = _beside(wrong, "retracted_usage")
    texts = [found["different_quantity"][side].split()[1] for side in ("expected", "found")]
    assert Decimal(texts[1]) - Decimal(texts[0]) == Decimal("0.000000001")
    assert found["unexpected"]["expected"] == "no row"
    assert [each["event_id"] for each in found["unexpected"]["events"]] == ["nobody"]


def test_a_wrong_limit_is_found(planted: Planted, wrong: list[Found]) -> None:
    """When it was full, to the log window."""
    difference = _beside(wrong, "dimension_overflows")["different_column"]
    row = planted.aside["dimension_overflows"]
    assert difference["found"].startswith("full_since ")
    assert (difference["account_id"], difference["meter_id"]) == (
        row["account_id"],
        row["meter_id"],
    )


def test_wrong_and_lost_alerts_are_found(planted: Planted, wrong: list[Found]) -> None:
    """With the events of the log window that reached the threshold."""
    found = _beside(wrong, "budget_alerts")
    assert found["different_column"]["found"].startswith("reached ")
    assert found["missing"]["account_id"] == planted.aside["lost alert"]["account_id"]
    assert found["missing"]["explained_by"] == "windows"
    assert found["missing"]["events"]


def test_a_gap_is_found(wrong: list[Found]) -> None:
    """Records that the archive lacks, and that Kafka cannot be asked about."""
    (difference,) = (each for each in wrong if each["table_name"] == "raw_events")
    assert difference["kind"] == "unexplained_gap"
    assert "Kafka cannot be asked" in difference["found"]


def test_only_what_is_asked_for_is_compared(planted: Planted, capsys: Output) -> None:
    """Accounts and periods narrow the comparison; people read a page."""
    given = ["--settings", str(planted.settings), "--account", "nobody", "--from", "2030-01-01"]
    assert main(given, {}, lambda: NOW) == 1
    text = capsys.readouterr().out
    assert "Counted events by meter" in text
    assert "closed_usage" not in text
    assert "unexplained_gap, raw_events" in text
    assert "2 differences." in text


def test_a_repeated_commit_is_noticed_and_no_difference(tmp_path: Path, capsys: Output) -> None:
    """Of the archive and of closed rows: each row is taken once."""
    simulated = simulate(SEED, tmp_path)
    settings = simulated.write(tmp_path)
    catalog = open_catalog(LocalCatalog(tmp_path))
    summary = {
        "flink.job-id": "job",
        "flink.operator-id": RAW_EVENTS.name,
        "flink.max-committed-checkpoint-id": "2",
    }
    append(catalog, RAW_EVENTS, simulated.rows["raw_events"][:5], summary)
    append(catalog, CLOSED_USAGE, simulated.rows["closed_usage"][:5])
    found = reconcile(settings, capsys, code=0)
    assert found["repeated_places"] == 5
    assert [name for name, _ in found["repeated_commits"]] == ["raw_events"]


def test_alerts_that_the_log_does_not_tell_are_not_judged(tmp_path: Path, capsys: Output) -> None:
    """Of a budget that has changed, and of none where running totals are off."""
    simulated = simulate(SEED, tmp_path)
    accounts, alerts = (simulated.rows[name] for name in ("accounts", "budget_alerts"))
    changed = next(each for each in accounts if json.loads(each["terms"]).get("budgets"))
    record = json.loads(changed["terms"])
    record["budgets"] = [{**each, "quantity": "7"} for each in record["budgets"]]
    accounts.append({**changed, "kafka_offset": 99, "terms": json.dumps(record)})
    known = [each for each in alerts if each["account_id"] == changed["account_id"]]
    assert 0 < len(known) < len(alerts)
    for alert in known:
        alerts.remove(alert)
    settings = simulated.write(tmp_path)
    assert reconcile(settings, capsys, code=0)["difference_count"] == 0
    off = settings.read_text().replace("metering:", "metering:\n  running_totals: false")
    settings.write_text(off)
    assert reconcile(settings, capsys, code=0)["difference_count"] == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--ranges", "0"], "bad option, --ranges: expected at least 1, found 0"),
        (["--from", "soon"], "bad option, --from: expected a day such as 2026-11-01"),
        (["--memory-mb", "1"], "bad option, --memory-mb: expected at least 128, found 1"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], line: str, tmp_path: Path, capsys: Output
) -> None:
    """And ends with code 2."""
    assert main(["--settings", str(tmp_path / "none.yaml"), *arguments], {}, lambda: NOW) == 2
    error = capsys.readouterr().err
    assert error.startswith(line)
    assert error.count("\n") == 1


def test_repeats_beyond_the_horizon_are_told_apart(tmp_path: Path, capsys: Output) -> None:
    """The job had forgotten; the audit has not, and says which rows and records it is about."""
    simulated = simulate(SEED, tmp_path, ForgetfulJob)
    settings = simulated.write(tmp_path, dedupe_ttl_days=1)
    found = reconcile(settings, capsys, code=1)
    assert {each["kind"] for each in found["differences"]} == {"repeat_beyond_horizon"}
    named = {
        tuple(event[name] for name in ("kafka_partition", "kafka_offset", "batch_index"))
        for difference in found["differences"]
        for event in difference["events"]
    }
    repeats = {
        tuple(each["repeat"][name] for name in ("kafka_partition", "kafka_offset", "batch_index"))
        for each in found["repeats_beyond_horizon"]
    }
    assert named
    assert named <= repeats
    # Where the horizon is longer, the same rows have no excuse; and without a checkpoint nothing
    # can be said.
    settings.write_text(settings.read_text().replace("dedupe_ttl_days: 1", "dedupe_ttl_days: 35"))
    found = reconcile(settings, capsys, code=1)
    assert found["repeats_beyond_horizon"] == []
    assert "repeat_beyond_horizon" not in {each["kind"] for each in found["differences"]}
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.drop_table(("billing", CLOSED_USAGE.name))
    make_tables(catalog, "billing")
    assert main(["--settings", str(settings)], {}, lambda: NOW) == 2
    error = capsys.readouterr().err
    assert error.startswith("billing: expected a checkpoint")
    assert error.count("\n") == 1
