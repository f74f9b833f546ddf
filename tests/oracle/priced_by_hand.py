"""A small world to price by hand: one account, one card, rows of usage, all in UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from audit.prices.agreements import read_agreements
from audit.prices.statements import Statement, price_all
from audit.prices.used import Tables

Item = dict[str, Any]
_INSTANT = pa.timestamp("us", tz="UTC")
_NAMES = pa.schema(
    [(name, pa.string()) for name in ("account_id", "meter_id", "dimensions", "aggregation")]
)
_QUANTITY = pa.field("quantity", pa.decimal128(38, 9))


def _schema(*instants: str, names: Sequence[str] = ("row_id",), delta: bool = False) -> pa.Schema:
    fields = [pa.field(name, pa.string()) for name in names]
    fields += [pa.field(name, _INSTANT) for name in instants]
    quantity = pa.field("quantity_delta", _QUANTITY.type) if delta else _QUANTITY
    count = pa.field("event_count_delta" if delta else "event_count", pa.int64())
    return pa.schema([*_NAMES, *fields, quantity, count])


_PERIOD = ("period_start", "period_end")
_SCHEMAS = {
    "closed_usage": _schema(*_PERIOD, "cut"),
    "usage_corrections": _schema(*_PERIOD, "correction_end", delta=True),
    "brought_back_usage": _schema(*_PERIOD, "first_event_time", "last_event_time"),
    "metering_windows": _schema(
        "event_window_start",
        "log_window_end",
        names=("part", "job_version"),
    )
    .append(pa.field("is_retraction", pa.bool_()))
    .append(pa.field("event_window_s", pa.int32())),
}
LANDING = {
    "price_id": "landing-fee",
    "meter_id": "flights",
    "product": "landing",
    "model": {"type": "per_unit", "unit_price": 100},
}
MILES = {
    "price_id": "airway-miles",
    "meter_id": "miles",
    "product": "airway",
    "model": {"type": "per_unit", "unit_price": "0.0125"},
}
CARD: Item = {
    "card_id": "card",
    "currency": "USD",
    "version": 1,
    "effective_from": "2012-01-01T00:00:00Z",
    "prices": [LANDING, MILES],
}
CONTRACT: Item = {
    "account_id": "A",
    "version": 1,
    "effective_from": "2013-01-01T00:00:00Z",
    "currency": "USD",
}
TERMS: Item = {
    "version": 1,
    "effective_from": "2012-01-01T00:00:00Z",
    "timezone": "UTC",
    "cadence": "month",
    "anchor": "2012-01-01",
    "plan": "card",
}
_METERS = [
    {"meter": name, "event_type": "flight", "aggregation": "count", "unit": "one"}
    for name in ("flights", "miles")
]


def day(text: str) -> datetime:
    """Return the start of a day, or a time of it, in 2013: `02-01`, `02-01T12:00`."""
    return datetime.fromisoformat(f"2013-{text}").replace(tzinfo=UTC)


@dataclass
class World:
    """Files and rows; each member may be replaced.

    Attributes:
        cards: In the form of rate_cards.yaml.
        contracts: In the form of contracts.yaml.
        grants: The same.
        one_off_fees: The same.
        terms: Of account A.
        rows: Of usage, by table.
    """

    cards: list[Item] = field(default_factory=lambda: [CARD])
    contracts: list[Item] = field(default_factory=lambda: [CONTRACT])
    grants: list[Item] = field(default_factory=list)
    one_off_fees: list[Item] = field(default_factory=list)
    terms: Item = field(default_factory=lambda: TERMS)
    rows: dict[str, list[Item]] = field(default_factory=dict)

    def use(
        self,
        meter_id: str,
        quantity: int | str,
        start: str = "01-01",
        end: str = "02-01",
        dimensions: str = "{}",
    ) -> None:
        """Add a closed row of a period."""
        self.add("closed_usage", meter_id, quantity, start, end, dimensions=dimensions)

    def add(
        self,
        table: str,
        meter_id: str,
        quantity: int | str,
        start: str,
        end: str,
        **members: object,
    ) -> None:
        """Add a row to a table; what it needs and is not given follows from the period."""
        rows = self.rows.setdefault(table, [])
        known = _SCHEMAS[table].names
        row = {
            "row_id": f"{table} {len(rows)}",
            "account_id": "A",
            "meter_id": meter_id,
            "dimensions": "{}",
            "aggregation": "sum",
            "event_count": int(Decimal(quantity)),
            "event_count_delta": int(Decimal(quantity)),
            "event_window_s": 60,
            "job_version": "1",
            "period_start": day(start),
            "period_end": day(end),
            "cut": day(end) + timedelta(hours=1),
            "correction_end": day(end) + timedelta(days=1),
            "first_event_time": day(start),
            "last_event_time": day(start),
            "event_window_start": day(start),
            "log_window_end": day(start),
            "quantity": Decimal(quantity),
            "quantity_delta": Decimal(quantity),
            **members,
        }
        rows.append({name: row.get(name) for name in known})

    def tables(self) -> Tables:
        """Return all rows as Arrow tables."""
        return {
            name: pa.Table.from_pylist(self.rows.get(name, []), schema)
            for name, schema in _SCHEMAS.items()
        }

    def write(self, folder: Path) -> None:
        """Write the files."""
        files = {
            "rate_cards": {"rate_cards": self.cards},
            "contracts": {
                "contracts": self.contracts,
                "credit_grants": self.grants,
                "one_off_fees": self.one_off_fees,
            },
            "accounts": {"accounts": [{"account_id": "A", "terms": [self.terms]}]},
            "meters": {"meters": _METERS},
        }
        for name, members in files.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(members))

    def price(self, folder: Path, until: str = "02-02") -> list[Statement]:
        """Return what all periods come to up to a day."""
        self.write(folder)
        return price_all(read_agreements(folder), self.tables(), day(until))


def lines_of(statements: Iterable[Statement]) -> list[str]:
    """Return each line that comes to something: kind, id, product, first day, minor units."""
    return [
        f"{line.kind} {line.line_id} {line.product} {line.part.start:%m-%d} {line.minor}"
        for statement in statements
        for line in statement.lines
        if line.minor or line.quantity
    ]
