"""The parsing of records as a vectorized function of SQL: a batch of records at a time, by Arrow.

A call of Python for each record would cost more than the parsing itself; a call for a batch does
not (docs/performance.md). Nothing is decided here: `udfs.parsing` is the rule.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas
from pyflink.table import DataTypes, StreamTableEnvironment
from pyflink.table.udf import ScalarFunction, udf

from udfs.parsing import BatchElement, ParsedRecord, ParsingRules, RecordParser

_TYPES = {
    "event_us": DataTypes.BIGINT(),
    "shares": DataTypes.ARRAY(DataTypes.STRING()),
    # Rows would say more, but PyFlink has no arrays of rows.
    "batch": DataTypes.ARRAY(DataTypes.ARRAY(DataTypes.STRING())),
}
_RECORD = DataTypes.ROW(
    [DataTypes.FIELD(name, _TYPES.get(name, DataTypes.STRING())) for name in ParsedRecord._fields]
)


class ParseRecord(ScalarFunction):
    """Reads payloads and their log times in ms; returns a row of `ParsedRecord` for each."""

    def __init__(self, rules: ParsingRules) -> None:
        """Keep the rules; they are shipped with the job."""
        self._rules = rules

    def open(self, function_context: Any) -> None:
        """Prepare the parser."""
        self._parse = RecordParser(self._rules).parse

    def eval(self, payloads: pandas.Series, log_ms: pandas.Series) -> pandas.DataFrame:
        """Parse one batch."""
        with _paused_collector():
            rows = map(self._parse, payloads.tolist(), log_ms.tolist())
            columns = dict(zip(ParsedRecord._fields, zip(*rows, strict=True), strict=True))
            columns["batch"] = tuple(batch and _texts_of(batch) for batch in columns["batch"])
            return pandas.DataFrame(
                {name: pandas.Series(values, dtype=object) for name, values in columns.items()}
            )


def _texts_of(batch: Sequence[BatchElement]) -> list[list[str | None]]:
    """Return of each element its index, its bytes if it is refused, its fields, and its shares."""
    texts = []
    for index, (payload, event) in enumerate(batch):
        event_us = None if event.event_us is None else str(event.event_us)
        texts.append(
            [
                str(index),
                None if payload is None else payload.decode(),
                event.reason,
                event.event_id,
                event.event_source,
                event.event_type,
                event.account_id,
                event_us,
                event.retracted_source,
                event.retracted_id,
                *(event.shares or ()),
            ]
        )
    return texts


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Let Python not look for cycles: a batch has none, and its many objects would trigger it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def register_parsing(tables: StreamTableEnvironment, rules: ParsingRules) -> None:
    """Make `parse_record(payload, log_ms)` known to SQL."""
    function = udf(ParseRecord(rules), result_type=_RECORD, func_type="pandas")
    tables.create_temporary_function("parse_record", function)
