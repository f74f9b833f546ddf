# ruff: noqa: S608 - no outside text
"""Errors to plant in the small world: what changes a row, and the kinds of all that it leads to."""

FEBRUARY = "account_id = 'A' AND kind = 'usage' AND period_start = '2013-02-01 00:00:00Z'"
IN_FEBRUARY = "account_id = 'A' AND meter_id = 'flights' AND period_start = '2013-02-01 00:00:00Z'"
JANUARY = (
    "SELECT charge_id FROM charges WHERE account_id = 'A' AND kind = 'usage' AND revision = 0"
    " AND period_start = '2013-01-01 00:00:00Z'"
)


def numbered(place: int) -> str:
    """Return the query of an invoice's id by its number."""
    return f"SELECT any_value(invoice_id) FROM invoices WHERE number = 'INV-2013-00000{place}'"


def rewrite(replaced: str, place: int) -> str:
    """Return what changes an invoice in all its states, so that its hash holds."""
    text = f"replace(content, {replaced})"
    return (
        f"UPDATE invoices SET content = {text}, content_hash = sha256({text})"
        f" WHERE invoice_id = ({numbered(place)})"
    )


ERRORS = [
    (
        f"INSERT INTO closed_usage SELECT * REPLACE ('more' AS row_id, 1 AS quantity,"
        f" 1 AS event_count) FROM closed_usage WHERE {IN_FEBRUARY}",
        "quantity_differs usage_not_charged",
    ),
    (
        f'UPDATE charges SET usage_row_ids = \'["A1","A2"]\' WHERE {FEBRUARY}',
        "usage_charged_twice usage_unknown",
    ),
    (
        f"DELETE FROM charges WHERE {FEBRUARY}",
        "balance_differs entry_differs entry_unknown line_differs quantity_differs"
        " usage_not_charged",
    ),
    (
        "INSERT INTO freezes (freeze_id, action, account_ids, meter_ids)"
        """ VALUES ('f', 'freeze', '["A"]', '["flights"]')""",
        "charged_while_frozen quantity_differs",
    ),
    (
        f"INSERT INTO charges SELECT * REPLACE ('twice' AS charge_id) FROM charges"
        f" WHERE {FEBRUARY}",
        "balance_differs entry_missing revisions_broken",
    ),
    (
        f"UPDATE charges SET amount_minor = amount_minor + 1, total_minor = total_minor + 1"
        f" WHERE {FEBRUARY}",
        "balance_differs entry_differs line_differs",
    ),
    (
        "INSERT INTO charges SELECT * REPLACE ('again' AS charge_id) FROM charges"
        " WHERE account_id = 'B' AND kind = 'credit'",
        "balance_differs entry_missing revisions_broken",
    ),
    (
        "UPDATE journal SET amount_minor = amount_minor + 1 WHERE entry_no = 3 AND posting_no = 0",
        "balance_differs chain_broken entry_differs entry_unbalanced",
    ),
    (
        "DELETE FROM journal WHERE entry_no = 3",
        "balance_differs chain_broken entry_missing",
    ),
    (
        f"DELETE FROM invoices WHERE invoice_id = ({numbered(3)})",
        "balance_differs entry_unknown invoice_missing number_missing",
    ),
    (
        rewrite("'INV-2013-000003', 'INV-2013-000001'", 3)
        + "; UPDATE invoices SET number = 'INV-2013-000001' WHERE number = 'INV-2013-000003'",
        "number_missing number_repeated",
    ),
    (rewrite("'\"tax_minor\":275', '\"tax_minor\":276'", 1), "tax_share"),
    (
        rewrite('\'"corrected_number":"INV\', \'"corrected_number":"\'', 4),
        "correction_unnamed",
    ),
    (
        rewrite(f"(SELECT charge_id FROM charges WHERE {FEBRUARY}), ({JANUARY})", 4),
        "balance_differs charge_invoiced_twice entry_differs line_differs",
    ),
]
"""Those that everything else depends on."""
FURTHER_ERRORS = [
    (
        f"DELETE FROM closed_usage WHERE {IN_FEBRUARY}",
        "quantity_differs usage_unknown",
    ),
    (
        f'UPDATE charges SET usage_row_ids = \'["A2","A2"]\' WHERE {FEBRUARY}',
        "usage_charged_twice",
    ),
    (
        f"UPDATE charges SET amount_minor = amount_minor + 1 WHERE {FEBRUARY}",
        "balance_differs entry_differs line_differs revisions_broken",
    ),
    (
        f"UPDATE charges SET payouts_delta = '{{\"Port\":346}}' WHERE {FEBRUARY}",
        "balance_differs entry_differs",
    ),
    (
        f"INSERT INTO charges SELECT * REPLACE (1 AS quantity) FROM charges WHERE {FEBRUARY}",
        "balance_differs entry_differs line_differs quantity_differs revisions_broken rows_differ",
    ),
    (
        "DELETE FROM runs WHERE status = 'finished' AND run_id = 'run of 03-02'",
        "run_unfinished",
    ),
    (
        "UPDATE journal SET ledger_account = 'expenses:rounding' WHERE entry_no = 3"
        " AND posting_no = 1",
        "balance_differs chain_broken entry_differs",
    ),
    ("UPDATE journal SET memo = 'gift' WHERE entry_no = 3", "chain_broken"),
    (
        "INSERT INTO journal SELECT * REPLACE (99 AS entry_no, 'again' AS entry_id)"
        " FROM journal WHERE entry_no = 3",
        "balance_differs chain_broken entry_differs entry_repeated",
    ),
    (
        "INSERT INTO journal SELECT * REPLACE (99 AS entry_no, 'more' AS entry_id,"
        " 'more' AS source_id) FROM journal WHERE entry_no = 3",
        "balance_differs chain_broken entry_unknown",
    ),
    (
        "DELETE FROM journal WHERE source_kind = 'expiry'",
        "balance_differs chain_broken entry_missing",
    ),
    (
        "UPDATE credit_grants SET content = replace(content, '\"300\"', '\"301\"')",
        "balance_differs entry_differs",
    ),
    (
        "DELETE FROM journal WHERE source_kind = 'reversal'",
        "balance_differs chain_broken entry_missing",
    ),
    (
        "UPDATE invoices SET content_hash = 'none' WHERE number = 'INV-2013-000001'",
        "invoice_changed",
    ),
    (
        "UPDATE invoices SET tax_minor = tax_minor + 1 WHERE number = 'INV-2013-000001'",
        "balance_differs invoice_changed invoice_sum",
    ),
    (rewrite("'0.08875', '0.09'", 1), "tax_differs"),
    (
        rewrite("'\"charged_minor\":28650', '\"charged_minor\":28651'", 1)
        + "; UPDATE invoices SET charged_minor = 28651 WHERE charged_minor = 28650",
        "invoice_sum",
    ),
    (
        rewrite("'\"amount_minor\":1450', '\"amount_minor\":1451'", 1),
        "balance_differs entry_differs invoice_sum line_differs",
    ),
]
"""All others."""
