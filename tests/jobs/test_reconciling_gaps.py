"""Gaps in offsets over several runs of the audit: what was explained once is explained for ever."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.conservation import Gap
from iceberg.catalog import open_catalog
from iceberg.explained_gaps import read_explained_gaps
from iceberg.reconciliation_tables import RECONCILIATIONS
from jobs.reconcile_usage import main
from jobs.reconciling import explaining_gaps
from jobs.reconciling.reconciliation import ToldGap
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog
from tests.jobs.planted_errors import plant

NOW = datetime(2026, 11, 30, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)


def test_a_run_keeps_what_kafka_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how far it looked; the next asks Kafka no more, and has nothing new to keep."""
    given = ["--settings", str(plant(tmp_path).settings), "--json", "--account", "nobody"]
    given += ["--from", "2030-01-01"]
    with monkeypatch.context() as kafka:
        kafka.setattr(explaining_gaps, "open_consumer", lambda _: nullcontext())
        kafka.setattr(explaining_gaps, "_explain", lambda *given: ToldGap(given[-1], True, "none"))
        main(given, {}, lambda: NOW)
    first = json.loads(capsys.readouterr().out)
    main(given, {}, lambda: LATER)
    (again,) = json.loads(capsys.readouterr().out)["gaps"]
    assert (again["is_explained"], again["is_known"]) == (True, True)
    catalog = open_catalog(LocalCatalog(tmp_path))
    found = read_explained_gaps(catalog, "billing")
    assert [Gap(*each) for each in found.gaps] == [Gap(**again["gap"])]
    ends = [(each["kafka_partition"], each["end_offset"]) for each in first["ranges"]]
    assert found.looked_at == dict(sorted(ends))
    assert found.at_us == to_us(LATER)
    runs = catalog.load_table(("billing", RECONCILIATIONS.name)).scan().to_arrow().to_pylist()
    kept = {each["at"]: json.loads(each["explained_gaps"]) for each in runs}
    assert kept == {NOW: [[*again["gap"].values()]], LATER: []}
