"""The plan of the job: one source, one dedupe, and uids that a savepoint can rely on."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from iceberg.decided_tables import BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.tables import TABLES, USAGE_TABLES
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import PYTHON, ROOT
from jobs.settings import KafkaSettings
from tests.integration.flights import read_meters_file, write_config, write_meters
from tests.integration.world import Topics, make_world

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

# What PyFlink inserts for keys and side outputs. It cannot be given uids, and has no state.
_PYFLINKS_OWN = {"_stream_key_by_map_operator", "Map"}
_MORE_METERS: list[dict[str, Any]] = [
    {
        "meter": "tailwind",
        "event_type": "flight.departed",
        "aggregation": "min",
        "property": "minutes_saved",
        "unit": "minute",
        "dimensions": ["tailnum", "dest"],
    },
    {"meter": "diversions", "event_type": "flight.diverted", "aggregation": "count", "unit": "one"},
]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a plan; `inputs` are the ids of those it reads."""

    id: int
    name: str
    description: str
    uid: str | None
    inputs: tuple[int, ...]


@pytest.fixture(scope="module")
def plans(all_plans: list[tuple[Operator, ...]]) -> list[tuple[Operator, ...]]:
    """The plan of the flights' meters, of more meters, and of one meter alone."""
    return all_plans[:3]


@pytest.fixture(scope="module")
def without_totals(all_plans: list[tuple[Operator, ...]]) -> tuple[Operator, ...]:
    """The plan of the flights' meters without running totals."""
    return all_plans[3]


@pytest.fixture(scope="module")
def all_plans(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Operator, ...]]:
    """All plans that are made here, by one program."""
    folder = tmp_path_factory.mktemp("plan")
    files = []
    for name in ("flights", "more", "one", "plain"):
        config = write_config(folder / name)
        meters = read_meters_file(config / "meters.yaml")
        chosen = {"more": meters + _MORE_METERS, "one": meters[-1:]}.get(name, meters)
        write_meters(config / "meters.yaml", chosen)
        # Nothing answers there: a plan is made without the broker.
        world = make_world(folder / name, Topics(KafkaSettings("127.0.0.1:1"), config))
        files.append(str(world.with_metering(running_totals=name != "plain").file))
    home = FlinkHome(folder / "flink", flink_distribution())
    home.prepare(home.default_options(0, 0, 1))
    done = subprocess.run(
        [str(PYTHON), "-m", "tests.integration.plan_of", *files],
        env=home.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        tuple(Operator(**{**each, "inputs": tuple(each["inputs"])}) for each in plan)
        for plan in json.loads(done.stdout)
    ]


def named(plan: tuple[Operator, ...], part: str) -> list[Operator]:
    """Return the operators whose names have a part, as whole words."""
    return [operator for operator in plan if re.search(rf"(?<!\w){re.escape(part)}", operator.name)]


def upstream(plan: tuple[Operator, ...], operator: Operator) -> set[Operator]:
    """Return all operators that an operator's rows come from."""
    by_id = {each.id: each for each in plan}
    found: set[Operator] = set()
    ahead = [operator]
    while ahead:
        for each in (by_id[number] for number in ahead.pop().inputs):
            if each not in found:
                found.add(each)
                ahead.append(each)
    return found


def test_one_source_and_one_dedupe_feed_everything(plans: list[tuple[Operator, ...]]) -> None:
    """The whole job, all sinks included, reads usage once and dedupes it once."""
    for plan in plans:
        sources = named(plan, "Source: ")
        assert [each.name.split("[")[0] for each in sources] == [
            "Source: usage_log",
            "Source: accounts_log",
        ]
        dedupe, of_retractions = named(plan, "Deduplicate")
        assert dedupe in upstream(plan, of_retractions)
        (stage,) = named(plan, "meter_periods")
        assert {dedupe, *sources} <= upstream(plan, stage)
        assert sources[0] in upstream(plan, dedupe)
        (archive,) = named(plan, "raw_events: Writer")
        assert sources[0] in upstream(plan, archive)
        assert dedupe not in upstream(plan, archive)


def test_records_and_batches_go_one_way(plans: list[tuple[Operator, ...]]) -> None:
    """Nothing before the dedupe has two inputs: no event can overtake another of its partition."""
    for plan in plans:
        dedupe, _ = named(plan, "Deduplicate")
        way = upstream(plan, dedupe)
        assert [len(each.inputs) for each in way].count(0) == 1
        assert all(len(each.inputs) <= 1 for each in (dedupe, *way))
        assert len([each for each in way if each.name.startswith("Correlate")]) == 1


def test_every_table_has_one_sink(plans: list[tuple[Operator, ...]]) -> None:
    """Each table of usage has one writer and one committer; decisions and prices have none."""
    streamed = [
        each for each in USAGE_TABLES if each not in (BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS)
    ]
    for plan in plans:
        for table in (each for each in TABLES if each not in streamed):
            assert not named(plan, f"{table.name}: Writer")
        for table in streamed:
            assert len(named(plan, f"{table.name}: Writer")) == 1
            assert len(named(plan, f"{table.name}: Committer")) == 1


def test_operators_have_uids_names_and_descriptions(plans: list[tuple[Operator, ...]]) -> None:
    """All but PyFlink's own can be found in a savepoint and read in the UI."""
    for plan in plans:
        assert {each.name for each in plan if each.uid is None} <= _PYFLINKS_OWN
        uids = [each.uid for each in plan if each.uid is not None]
        assert len(set(uids)) == len(uids) > 50
        assert all(each.name and each.description for each in plan)


def test_meters_change_no_uid(plans: list[tuple[Operator, ...]]) -> None:
    """Whatever the meters, the same operators with the same uids in the same order."""
    flights, *others = ([(each.uid, each.name) for each in plan] for plan in plans)
    for other in others:
        assert other == flights


def test_totals_are_keyed_without_an_operator(plans: list[tuple[Operator, ...]]) -> None:
    """Counted usage goes from the keyed stage to the budgets' stage, through no call of Python."""
    for plan in plans:
        (stage,), (periods,) = named(plan, "watch_budgets"), named(plan, "meter_periods")
        assert stage.inputs == (periods.id,)


def test_running_totals_can_be_left_out(
    plans: list[tuple[Operator, ...]], without_totals: tuple[Operator, ...]
) -> None:
    """Then all other operators are the same, so a savepoint fits with them and without."""
    added = {"watch_budgets", "running_totals", "budget_alerts"}

    def kept(plan: tuple[Operator, ...]) -> list[tuple[str | None, str]]:
        return [
            (each.uid, each.name)
            for each in plan
            if each.uid and not any(name in each.uid for name in added)
        ]

    assert kept(plans[0]) == kept(without_totals)
    found = {name for each in without_totals for name in added if name in each.name}
    assert found == set()


def test_uids_count_within_their_section(plans: list[tuple[Operator, ...]]) -> None:
    """An operator more in one section would rename none of another: ids start anew in each."""
    uids = [each.uid for each in plans[0] if each.uid and each.uid.endswith("source")]
    first: dict[str, int] = {}
    for uid in uids:
        section, _, place = uid.removesuffix("_source").rpartition("-")
        first[section] = min(int(place), first.get(section, int(place)))
    assert set(first.values()) == {1}


def test_the_page_of_the_web_ui_names_operators(plans: list[tuple[Operator, ...]]) -> None:
    """Each operator that docs/flink-ui.md tells on-call to look for is in the plan."""
    text = (ROOT / "docs" / "flink-ui.md").read_text()
    named = re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    words = {word for each in plans[0] for word in re.findall(r"\w+", each.name)}
    assert len(named) > 10
    assert set(named) <= words
