"""Lays the tables' rows out for the checks: each row once, JSON taken to pieces."""

from datetime import datetime

import duckdb

from audit.prices.amounts import MINOR_DIGITS

LINE = 'account_id, period_start, period_end, kind, line_id, product, segment_start, "group"'
"""What a line is known by; its charges are its revisions."""

_USED = "row_id, account_id, meter_id, dimensions, period_start, period_end, aggregation"
_USAGE = f"""
    CREATE TABLE used AS
    SELECT DISTINCT {_USED}, quantity AS delta, cut <= getvariable('until') AS is_known,
        cut AS known_at, 'closed' AS source FROM closed_usage
    UNION ALL
    SELECT DISTINCT {_USED}, quantity_delta, correction_end <= getvariable('until'),
        correction_end, 'corrected'
    FROM usage_corrections
    UNION ALL
    SELECT DISTINCT {_USED}, quantity, true, NULL, 'brought back' FROM brought_back_usage
    UNION ALL
    SELECT DISTINCT {_USED}, quantity, false, NULL, 'brought back' FROM brought_back_later
"""  # noqa: S608 - no outside text
_CHARGE = f"""
    CREATE TABLE charge AS
    SELECT DISTINCT charge_id, corrected_charge_id, {LINE}, revision, meter_id, quantity,
        amount_minor, total_minor, currency, usage_row_ids, payouts, payouts_delta, run_id
    FROM charges
"""  # noqa: S608 - no outside text
_LAST_CHARGE = f"""
    CREATE TABLE last_charge AS
    SELECT * FROM charge
    QUALIFY row_number() OVER (PARTITION BY {LINE} ORDER BY revision DESC, charge_id,
        quantity, total_minor) = 1
"""  # noqa: S608 - no outside text
_RUN = """
    CREATE TABLE unfinished AS
    SELECT run_id FROM runs GROUP BY run_id HAVING NOT bool_or(status = 'finished')
"""
_UNBOOKED = """
    CREATE TABLE unbooked AS
    FROM unfinished WHERE run_id NOT IN (SELECT DISTINCT run_id FROM posting)
"""
_POSTING = """
    CREATE TABLE posting AS
    SELECT DISTINCT entry_no, posting_no, entry_id, source_kind, source_id, account_id, booked,
        currency, ledger_account, amount_minor, memo, run_id, previous_hash, entry_hash
    FROM journal
"""
_SERIES = '{"series_id":"VARCHAR","by_year":"BOOLEAN","digits":"INTEGER"}'
_CONTENT = f"""{{
    "invoice_id":"VARCHAR","sequence":"BIGINT","kind":"VARCHAR","state":"VARCHAR",
    "number":"VARCHAR","charged_minor":"BIGINT","net_minor":"BIGINT","tax_minor":"BIGINT",
    "total_minor":"BIGINT","credit_minor":"BIGINT","payable_minor":"BIGINT",
    "terms":{{"account_id":"VARCHAR","currency":"VARCHAR","rounding":"VARCHAR",
        "buyer":{{"jurisdiction":"VARCHAR"}},"series":{_SERIES},"credit_series":{_SERIES}}},
    "lines":[{{"kind":"VARCHAR","line_id":"VARCHAR","product":"VARCHAR","group":"VARCHAR",
        "period_start_us":"BIGINT","period_end_us":"BIGINT","segment_start_us":"BIGINT",
        "corrected_number":"VARCHAR","amount_minor":"BIGINT","net_minor":"BIGINT",
        "taxes":[{{"tax_id":"VARCHAR","rate":"VARCHAR","tax_minor":"BIGINT"}}],
        "charge_ids":["VARCHAR"]}}],
    "tax_lines":[{{"tax_id":"VARCHAR","rate":"VARCHAR","mode":"VARCHAR","base_minor":"BIGINT",
        "tax_minor":"BIGINT"}}],
    "credits":[{{"grant_id":"VARCHAR","amount_minor":"BIGINT","charge_ids":["VARCHAR"]}}]
}}"""
_STATE = """
    CREATE TABLE invoice_state AS
    SELECT DISTINCT invoice_id, account_id, number, state, kind, currency, charged_minor, net_minor,
        tax_minor, total_minor, credit_minor, payable_minor, content, content_hash,
        TRY(from_json(content, $shape)) AS said,
        list_position(['draft', 'approved', 'issued', 'void'], state) AS place
    FROM invoices
"""
_INVOICE = """
    CREATE TABLE invoice AS
    SELECT *, said.terms.buyer.jurisdiction AS jurisdiction FROM invoice_state
    QUALIFY row_number() OVER (PARTITION BY invoice_id ORDER BY place DESC, content_hash) = 1
"""
_INVOICE_LINE = """
    CREATE TABLE invoice_line AS
    SELECT invoice_id, account_id, currency, number, state,
        unnest(said.lines) AS line, generate_subscripts(said.lines, 1) AS line_no FROM invoice
"""
_INVOICE_CHARGE = """
    CREATE TABLE invoice_charge AS
    SELECT invoice_id, account_id, number, state, line_no, unnest(line.charge_ids) AS charge_id
    FROM invoice_line
    UNION ALL
    SELECT invoice_id, account_id, number, state, 0, unnest(credit.charge_ids)
    FROM (SELECT *, unnest(said.credits) AS credit FROM invoice)
"""
_GRANT = """
    CREATE TABLE credit AS
    SELECT DISTINCT grant_id, account_id, content->>'currency' AS currency,
        ((content->>'amount')::DECIMAL(30, 6) * coalesce(units, 100::DECIMAL(5, 0)))::BIGINT
            AS amount_minor,
        (content->>'granted')::TIMESTAMPTZ AS granted, (content->>'expires')::TIMESTAMPTZ AS expires
    FROM credit_grants LEFT JOIN minor_units ON minor_units.currency = content->>'currency'
    WHERE coalesce((content->>'is_paid')::BOOLEAN, true)
"""


_FROZEN = """
    CREATE TABLE frozen AS
    SELECT DISTINCT from_json(account_ids, '["VARCHAR"]') AS account_ids
    FROM freezes WHERE action = 'freeze'
        AND freeze_id NOT IN (SELECT freeze_id FROM freezes WHERE action = 'lift')
"""


def lay_out(rows: duckdb.DuckDBPyConnection, until: datetime | None, grace_s: int) -> None:
    """Create the tables that the checks read.

    Args:
        rows: Has the tables closed_usage, usage_corrections, brought_back_usage, charges, runs,
            journal, invoices, credit_grants and freezes, as they are; and `brought_back_later`,
            what was brought back after the last run.
        until: Log time up to which usage was priced; None: never.
        grace_s: The greatest of all meters: after it a period has closed for all of them.
    """
    rows.execute("SET TimeZone = 'UTC'")
    rows.execute("SET VARIABLE until = $until::TIMESTAMPTZ", {"until": until})
    rows.execute("SET VARIABLE grace = to_seconds($grace)", {"grace": grace_s})
    rows.execute("CREATE TABLE minor_units (currency VARCHAR, units DECIMAL(5, 0))")
    for currency, digits in sorted(MINOR_DIGITS.items()):
        rows.execute("INSERT INTO minor_units VALUES (?, ?)", [currency, 10**digits])
    for statement in (_USAGE, _CHARGE, _LAST_CHARGE, _RUN, _POSTING, _UNBOOKED):
        rows.execute(statement)
    rows.execute(_STATE, {"shape": "".join(_CONTENT.split())})
    for statement in (_INVOICE, _INVOICE_LINE, _INVOICE_CHARGE, _GRANT, _FROZEN):
        rows.execute(statement)
