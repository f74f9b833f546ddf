"""The runner of scenarios can fail: what is wrong in a scenario is reported, in lines to read."""

import re
from pathlib import Path

import pytest

from tests.scenarios.comparing import find_differences
from tests.scenarios.reading import ScenarioError, read_scenario
from tests.scenarios.test_scenarios import differences_in
from tests.scenarios.verbs import run_scenario
from tests.simulation.path import LateForWindowError

RIGHT = """\
A title
=======
A sentence.

meters:
  - {meter: calls, aggregation: sum, unit: call}
accounts:
  - {account_id: A, cadence: month, anchor: "2026-01-01"}
partitions: 2

TIMELINE
2026-01-10 09:00  p0  EVENT      e1  A  3
2026-01-10 09:01  p0  BAD        nothing
2026-02-03 08:00  p0  LATE       e2  A  4  at 2026-01-20
2026-02-05            HEARTBEAT
2026-02-04 23:59:55   WATERMARK  2 rows

EXPECT closed_usage
account_id  period                    quantity  event_count
A           2026-01-01 to 2026-02-01  3         1

EXPECT usage_corrections
account_id  period                    revision  quantity_delta  quantity
A           2026-01-01 to 2026-02-01  1         +4.000          7

EXPECT rejected_events
log_time          reason
2026-01-10 09:01  empty_record
"""


def _found(text: str, folder: Path) -> list[str]:
    path = folder / "scenario.txt"
    path.write_text(text)
    return differences_in(path, folder)


def test_what_is_right_passes(tmp_path: Path) -> None:
    """The scenario that all others here are made of."""
    assert _found(RIGHT, tmp_path) == []


def test_one_wrong_number_is_reported(tmp_path: Path) -> None:
    """Beside the right one, under the columns' names."""
    lines = _found(RIGHT.replace("+4.000          7", "+4.000          8"), tmp_path)
    assert [re.sub("  +", "  ", line) for line in lines] == [
        "usage_corrections  account_id  period  revision  quantity_delta  quantity",
        "missing  A  2026-01-01 to 2026-02-01  1  4  8",
        "unexpected  A  2026-01-01 to 2026-02-01  1  4  7",
    ]
    assert len({line.rindex(" ") for line in lines}) == 1, "columns are aligned"


def test_a_row_that_nobody_wrote_is_reported(tmp_path: Path) -> None:
    """Also of a table that the scenario does not name."""
    text = RIGHT[: RIGHT.index("EXPECT rejected_events")]
    assert _found(text, tmp_path) == [
        "rejected_events  log_time          reason",
        "unexpected       2026-01-10 09:01  empty_record",
    ]


def test_a_row_that_does_not_come_is_reported(tmp_path: Path) -> None:
    """A correction that is due after the end of the timeline."""
    text = RIGHT.replace("2026-02-05            ", "2026-02-03 08:30      ")
    lines = _found(text.replace("2026-02-04 23:59:55   WATERMARK  2 rows\n", ""), tmp_path)
    assert [line.split()[0] for line in lines] == ["usage_corrections", "missing"]


def test_what_the_oracle_finds_different_is_reported(tmp_path: Path) -> None:
    """Even where the author wrote what the job does."""
    path = tmp_path / "scenario.txt"
    path.write_text(RIGHT)
    scenario = read_scenario(path)
    run = run_scenario(scenario, tmp_path)
    lost = run.path.state.engine.rows.pop()
    assert len(find_differences(run, scenario.tables)) == 2
    (line,) = run.differences_to_oracle()
    assert line.startswith("missing Correction ")
    run.path.state.engine.rows.append(lost)
    assert run.differences_to_oracle() == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "WATERMARK  2 rows",
            "WATERMARK  3 rows",
            "line 16: expected 2026-02-04T23:59:55Z, 3 rows",
        ),
        ("2026-02-04 23:59:55 ", "2026-02-05 ", "line 16: expected 2026-02-05T00:00:00Z, 2 rows"),
        ("BAD        nothing", "BAD        b A 1", "line 13: expected a refusal"),
        ("  at 2026-01-20", "", "line 14: expected `at` and an earlier time"),
        ("HEARTBEAT", "HARTBEAT", "line 15: expected EVENT, LATE"),
        ("EVENT      e1  A  3", "REPEAT     e9", "line 12: expected an event sent before"),
        ("e1  A  3", "e1  A", "line 12: expected an id, an account and units"),
        ("2026-01-10 09:00  p0", "today p0", "line 12: expected a time and a VERB"),
        ("2026-01-10 09:00  p0", "2026-01-32 p0", "line 12: expected a time such as"),
        ("EXPECT rejected_events", "EXPECT rejects", "line 26: expected a table"),
        ("EXPECT rejected_events", "EXPECT closed_usage", "expected each table once"),
        ("revision  quantity_delta  quantity", "revision  quantity", "must show quantity_delta"),
        ("2026-02-01  1         +4", "2026-02-01  +4", "line 24: expected 5 cells, found 4"),
        ("+4.000", "four", "quantity_delta: expected a number, found four"),
        ("log_time          reason", "log_time  reason  meter", "found 2"),
        ("\nTIMELINE", "", "expected a title, a sentence and a TIMELINE"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """With its number and what was expected."""
    assert right in RIGHT
    with pytest.raises(ScenarioError) as raised:
        _found(RIGHT.replace(right, wrong, 1), tmp_path)
    assert said in str(raised.value)


def test_a_record_that_flink_would_drop_stops_the_scenario(tmp_path: Path) -> None:
    """The clock of a broker steps back by more than the slack: no row may hide it."""
    back = "2026-01-10 08:59:40  p0  EVENT  e3  A  1\n2026-01-10 09:01  p0"
    text = RIGHT.replace("2026-01-10 09:01  p0", back, 1).replace("partitions: 2", "partitions: 1")
    with pytest.raises(LateForWindowError):
        _found(text, tmp_path)
