"""Tables with one error of each kind, for the tests of the audit."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.jobs.simulated_tables import Simulated, raw_row, simulate

SEED = 7
"""Its meters are two sums, a unique count and a count."""

ASIDE = ("retractions", "retracted_usage", "dimension_overflows", "budget_alerts")
Row = dict[str, Any]


@dataclass(frozen=True)
class Planted:
    """Where the tables are, and the closed rows that are wrong, each of a group of its own.

    Attributes:
        settings: The settings file.
        lost: Is not there.
        changed: Has a billionth too much.
        twice: Counts an event twice, as does its row of running usage.
        moved: Stands 400 days before its period.
        aside: By table what is wrong of what is written beside usage; the last alert is lost.
    """

    settings: Path
    lost: Row
    changed: Row
    twice: Row
    moved: Row
    aside: dict[str, Row]


def plant(folder: Path) -> Planted:
    """Fill the tables of a folder, and plant the errors."""
    simulated = simulate(SEED, folder)
    closed = simulated.rows["closed_usage"]
    twice = _count_twice(simulated)
    others = [row for row in closed if row["event_count"] > 1 and row is not twice]
    lost, changed, moved = others[:3]
    closed.remove(lost)
    changed["quantity"] = Decimal(changed["quantity"]) + Decimal("0.000000001")
    moved["period_start"] -= timedelta(days=400)
    simulated.rows["expired_usage"].pop()
    simulated.rows["unassigned_usage"][0]["reason"] = "no_period"
    refused = {**raw_row(simulated.records[0]), "reason": "not_an_object", "job_version": "1"}
    del refused["record_key"]
    simulated.rows["rejected_events"].append(refused)
    _leave_a_gap(simulated)
    aside = _spoil_aside(simulated)
    return Planted(simulated.write(folder), lost, changed, twice, moved, aside)


def _spoil_aside(simulated: Simulated) -> dict[str, Row]:
    """Spoil one row of each table beside usage, and lose an alert."""
    aside = {name: simulated.rows[name][0] for name in ASIDE}
    aside["retractions"]["retracted_id"] += "x"
    aside["retracted_usage"]["quantity"] += Decimal("0.000000001")
    aside["dimension_overflows"]["full_since"] += timedelta(seconds=10)
    aside["budget_alerts"]["reached"] += timedelta(seconds=10)
    aside["lost alert"] = simulated.rows["budget_alerts"].pop()
    invented = {**simulated.rows["retracted_usage"][1], "event_id": "nobody"}
    simulated.rows["retracted_usage"].append(invented)
    return {**aside, "invented": invented}


def _count_twice(simulated: Simulated) -> Row:
    """Count the only event of a window twice, there and in the closed row."""
    for closed in simulated.rows["closed_usage"]:
        for window in simulated.rows["metering_windows"]:
            if (
                closed["aggregation"] == "count"
                and all(window[name] == closed[name] for name in ("account_id", "meter_id"))
                and closed["period_start"] <= window["event_window_start"] < closed["period_end"]
                and window["log_window_end"] <= closed["cut"]
                and window["event_count"] == 1
            ):
                for row in (closed, window):
                    row["quantity"] += 1
                    row["event_count"] += 1
                return closed
    raise AssertionError("expected a meter that counts; take another SEED")


def _leave_a_gap(simulated: Simulated) -> None:
    """Repeat the last record, a heartbeat, two offsets further on."""
    last = max(simulated.rows["raw_events"], key=lambda row: row["kafka_offset"])
    simulated.rows["raw_events"].append({**last, "kafka_offset": last["kafka_offset"] + 3})
