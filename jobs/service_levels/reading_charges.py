"""Reads what service levels say of charges, invoices and the ledger."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from duckdb import DuckDBPyConnection

from jobs.service_levels.reading_received import bounds
from schemas.instant import DAY_US
from schemas.journal import ChainBreak, ChainedEntry
from schemas.service_facts import ChargeFacts, CurrencyAmounts, LedgerFacts
from schemas.service_level import MeasuredWindow
from udfs.chaining import verify

Span = tuple[int, int]
INVOICE_WITHIN_US = 3 * DAY_US
"""How long what is due may wait for its invoice, and a draft to be issued."""

# A correction of a period that was over is due with a later one (schemas/charge.py).
_CREATE_DUE = """
    CREATE OR REPLACE TEMP VIEW due_charges AS
    SELECT *, due > period_end AS is_adjustment FROM charges
"""
_DUE = "epoch_us(due) >= $start_us AND epoch_us(due) < $end_us"
_CHARGES = f"""
    SELECT count(*), count(*) FILTER (is_adjustment) FROM due_charges WHERE {_DUE}
"""  # noqa: S608 - no outside text
_AMOUNTS = f"""
    SELECT currency, coalesce(sum(charged), 0)::BIGINT, coalesce(sum(adjusted), 0)::BIGINT FROM (
        SELECT currency,
            abs(sum(amount_minor) FILTER (NOT is_adjustment)) AS charged,
            sum(abs(amount_minor)) FILTER (is_adjustment) AS adjusted
        FROM due_charges WHERE {_DUE}
        GROUP BY currency, account_id, period_start, period_end, kind, line_id, "group",
            segment_start, segment_end, product
    ) GROUP BY currency ORDER BY currency
"""  # noqa: S608 - no outside text
_CREATE_INVOICED = """
    CREATE OR REPLACE TEMP TABLE standing AS
    SELECT invoice_id, any_value(kind) AS kind, min("at") AS drafted,
        min("at") FILTER (state = 'issued') AS issued,
        bool_or(state = 'void') AS is_void, any_value(content) AS content
    FROM invoices GROUP BY invoice_id;
    CREATE OR REPLACE TEMP TABLE invoiced AS
    SELECT unnest(list_concat(
        json_extract_string(content, '$.lines[*].charge_ids[*]'),
        json_extract_string(content, '$.credits[*].charge_ids[*]'))) AS charge_id
    FROM standing WHERE NOT is_void
"""
_INVOICES = """
    SELECT count(*) FILTER (is_due), count(*) FILTER (is_due AND issued IS NOT NULL)
    FROM (
        SELECT *, NOT is_void AND epoch_us(drafted) >= $start_us AND epoch_us(drafted) < $end_us
            AND (issued IS NOT NULL OR epoch_us(drafted) < $long_ago_us)
            AND invoice_id NOT IN (SELECT unnest($held_ids::VARCHAR[])) AS is_due
        FROM standing
    )
"""
_ISSUED = """
    SELECT count(*) FILTER (kind = 'invoice'), count(*) FILTER (kind = 'credit_note')
    FROM standing WHERE epoch_us(issued) >= $start_us AND epoch_us(issued) < $end_us
"""
_UNINVOICED = """
    SELECT account_id, currency, list(DISTINCT (epoch_us(period_start), epoch_us(period_end)))
    FROM charges ANTI JOIN invoiced USING (charge_id)
    WHERE epoch_us(due) >= $start_us AND epoch_us(due) < $long_ago_us
    GROUP BY account_id, currency HAVING sum(amount_minor) <> 0
    ORDER BY account_id, currency
"""
_LAST_PRICED = """SELECT epoch_us(max("at")) FROM runs WHERE status = 'finished'"""
_BOOKED = """
    SELECT count(*), count(*) FILTER (source_id IS NULL) FROM (
        SELECT charges.charge_id, source_id FROM charges
        JOIN (SELECT DISTINCT run_id FROM runs WHERE status = 'finished') USING (run_id)
        LEFT JOIN (SELECT DISTINCT source_id FROM journal WHERE source_kind = 'charge') AS booked
            ON source_id = charges.charge_id
        WHERE amount_minor <> 0
    )
"""
_UNBALANCED = """
    SELECT count(*) FROM (
        SELECT currency FROM journal GROUP BY currency HAVING sum(amount_minor) <> 0
    )
"""
_ENTRIES = "SELECT count(DISTINCT entry_id) FROM journal"


class Held(Protocol):
    """What waits by a person's decision: `jobs.invoices.holding.Holding` of the tables."""

    def spans(self, account_id: str, spans: Collection[Span]) -> Collection[Span]:
        """Return those billing periods of an account that wait."""


def read_charge_facts(
    rows: DuckDBPyConnection, window: MeasuredWindow, held: Held, held_ids: Sequence[str] = ()
) -> ChargeFacts:
    """Return what was charged and invoiced in the window.

    Args:
        rows: With the tables `charges`, `runs` and `invoices`, each row once.
        window: What is looked at.
        held: Which billing periods wait.
        held_ids: Drafts that wait; they are not due.
    """
    within = bounds(window)
    long_ago = {"long_ago_us": window.end_us - INVOICE_WITHIN_US}
    rows.execute(_CREATE_DUE)
    rows.execute(_CREATE_INVOICED)
    ((charges, adjustments),) = rows.execute(_CHARGES, within).fetchall()
    amounts = rows.execute(_AMOUNTS, within).fetchall()
    drafted = {**within, **long_ago, "held_ids": list(held_ids)}
    ((due, issued),) = rows.execute(_INVOICES, drafted).fetchall()
    ((invoices, credit_notes),) = rows.execute(_ISSUED, within).fetchall()
    ((last_priced_us,),) = rows.execute(_LAST_PRICED).fetchall()
    return ChargeFacts(
        charges=charges,
        adjustments=adjustments,
        amounts=tuple(CurrencyAmounts(*row) for row in amounts),
        due_invoices=due,
        issued_invoices=issued,
        due_accounts=_due_accounts(rows, {"start_us": within["start_us"], **long_ago}, held),
        invoices=invoices,
        credit_notes=credit_notes,
        last_priced_us=last_priced_us,
    )


def _due_accounts(rows: DuckDBPyConnection, long_due: dict[str, int], held: Held) -> int:
    found = rows.execute(_UNINVOICED, long_due).fetchall()
    return sum(
        set(spans) != set(held.spans(account_id, set(spans))) for account_id, _, spans in found
    )


def read_ledger_facts(rows: DuckDBPyConnection, chained: Iterable[ChainedEntry]) -> LedgerFacts:
    """Return how the ledger stands.

    Args:
        rows: With the tables `charges`, `runs` and `journal`, each row once.
        chained: All entries of the journal in their order.
    """
    ((entries,),) = rows.execute(_ENTRIES).fetchall()
    ((charges, unbooked),) = rows.execute(_BOOKED).fetchall()
    ((unbalanced,),) = rows.execute(_UNBALANCED).fetchall()
    return LedgerFacts(
        entries=entries,
        charges=charges,
        chain_breaks=int(isinstance(verify(chained), ChainBreak)),
        unbalanced_currencies=unbalanced,
        unbooked_charges=unbooked,
    )
