"""The ledger's entries, once more: what each charge, grant, expiry and invoice has to move."""

EXPECTED = """
    CREATE TABLE side_expected AS
    WITH against AS (
        SELECT *, run_id NOT IN (SELECT run_id FROM unbooked) AS is_due,
            CASE WHEN kind = 'credit' AND product = '' THEN 'liabilities:credits'
                WHEN kind = 'credit' THEN 'revenue:credits_given_away:' || product
                WHEN kind IN ('maximum', 'trial', 'discount') THEN 'revenue:discounts:' || product
                ELSE 'revenue:sales:' || product END AS ledger_account
        FROM charge
    ), shared AS (
        SELECT against.*, each.key AS party, each.value::BIGINT AS share_minor
        FROM (FROM against WHERE payouts_delta <> '{}') AS against, json_each(payouts_delta) AS each
    ), sold AS (
        SELECT invoice_id, account_id, currency, line.product AS product,
            sum(line.amount_minor - line.net_minor) AS minor
        FROM invoice_line WHERE number IS NOT NULL GROUP BY ALL
    ), billed AS (
        SELECT invoice.*, (
            SELECT coalesce(sum(amount_minor), 0) FROM invoice_charge JOIN charge USING (charge_id)
            WHERE invoice_charge.invoice_id = invoice.invoice_id
        ) AS billed_minor,
        coalesce(list_sum([tax.tax_minor FOR tax IN said.tax_lines]), 0) AS taxes,
        coalesce(list_sum([tax.tax_minor FOR tax IN said.tax_lines IF tax.mode = 'exclusive']), 0)
            AS added
        FROM invoice WHERE number IS NOT NULL
    ), sides AS (
        SELECT 'charge' AS source_kind, charge_id AS source_id, account_id, currency, is_due,
            'assets:unbilled_usage' AS ledger_account, amount_minor FROM against
        UNION ALL
        SELECT 'charge', charge_id, account_id, currency, is_due, ledger_account, -amount_minor
        FROM against
        UNION ALL
        SELECT 'charge', charge_id, account_id, currency, is_due, ledger_account, share_minor
        FROM shared
        UNION ALL
        SELECT 'charge', charge_id, account_id, currency, is_due, 'liabilities:payouts:' || party,
            -share_minor FROM shared
        UNION ALL
        SELECT 'grant', grant_id, account_id, currency, granted < getvariable('until'),
            unnest(['assets:receivable', 'liabilities:credits']),
            unnest([amount_minor, -amount_minor]) FROM credit
        UNION ALL
        SELECT 'expiry', grant_id, account_id, currency, is_over,
            unnest(['liabilities:credits', 'revenue:breakage']), unnest([unused, -unused])
        FROM credit_left
        UNION ALL
        SELECT 'invoice', invoice_id, account_id, currency, true, unnest([
                'assets:receivable', 'assets:unbilled_usage', 'liabilities:tax_payable:'
                || jurisdiction]), unnest([billed_minor + added, -billed_minor, -taxes])
        FROM billed
        UNION ALL
        SELECT 'invoice', invoice_id, account_id, currency, true, 'revenue:sales:' || product, minor
        FROM sold
    )
    SELECT source_kind, source_id, account_id, currency, ledger_account, bool_and(is_due) AS is_due,
        sum(amount_minor)::BIGINT AS amount_minor
    FROM sides GROUP BY ALL HAVING sum(amount_minor) <> 0
"""
"""The table `side_expected`: what each entry has to move, by ledger account."""
REVERSED = """
    INSERT INTO side_expected
    SELECT 'reversal', entry_id, side.account_id, side.currency, side.ledger_account, true,
        -side.amount_minor
    FROM side_expected AS side JOIN invoice ON invoice_id = side.source_id
    JOIN (SELECT DISTINCT source_kind, source_id, entry_id FROM posting) AS entry
        USING (source_kind, source_id)
    WHERE side.source_kind = 'invoice' AND invoice.state = 'void'
"""
"""Adds what takes the entries of void invoices back."""
CREDIT_LEFT = """
    CREATE TABLE credit_left AS
    SELECT credit.*, amount_minor + coalesce((
        SELECT sum(charge.amount_minor) FROM charge
        WHERE charge.kind = 'credit' AND charge.line_id = grant_id
    ), 0) AS unused, coalesce(expires + getvariable('grace') <= getvariable('until'), false)
        AND NOT EXISTS (FROM charge SEMI JOIN unbooked USING (run_id))
        AND NOT EXISTS (FROM frozen WHERE len(account_ids) = 0
            OR list_contains(account_ids, credit.account_id)) AS is_over
    FROM credit
"""
"""The table `credit_left`: what is left of each grant that was paid for, and whether it expired.

What has expired of an account that is frozen may be booked later: a period that waits may draw it.
"""
FOUND = """
    CREATE TABLE side_found AS
    SELECT source_kind, CASE source_kind
            WHEN 'expiry' THEN replace(memo, 'expiry of credit ', '') ELSE source_id END
        AS source_id, account_id, currency, ledger_account,
        sum(amount_minor)::BIGINT AS amount_minor
    FROM posting GROUP BY ALL HAVING sum(amount_minor) <> 0
"""
"""The table `side_found`: what entries move."""

_TOLD = """SELECT source_kind, source_id, min(account_id) AS account_id,
    min(currency) AS currency,
    string_agg(account_id || ' ' || ledger_account || ' ' || amount_minor || ' ' || currency, ', '
        ORDER BY ledger_account, account_id, currency) AS told"""
ENTRIES = f"""
    CREATE TABLE entry_difference AS
    WITH expected AS ({_TOLD}, bool_and(is_due) AS is_due FROM side_expected GROUP BY ALL),
    found AS ({_TOLD} FROM side_found GROUP BY ALL)
    SELECT CASE WHEN found.told IS NULL THEN 'entry_missing'
            WHEN expected.told IS NULL THEN 'entry_unknown' ELSE 'entry_differs' END AS kind,
        coalesce(expected.account_id, found.account_id) AS account_id,
        coalesce(expected.currency, found.currency) AS currency, source_kind, source_id,
        expected.told AS expected, found.told AS found
    FROM expected FULL JOIN found USING (source_kind, source_id)
    WHERE expected.told IS DISTINCT FROM found.told AND NOT (found.told IS NULL AND NOT is_due)
"""  # noqa: S608 - no outside text
"""The table `entry_difference`: entries that are missing, unknown or move something else."""


def of_kind(kind: str) -> str:
    """Return the query of the differences between entries of one kind."""
    return f"""
        SELECT account_id, currency, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ, [source_id],
            source_kind || ': ' || coalesce(expected, 'nothing'), coalesce(found, 'nothing')
        FROM entry_difference WHERE kind = '{kind}'
    """  # noqa: S608 - a name of the closed list


REPEATED = """
    SELECT min(account_id), min(currency), NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ,
        [source_id], source_kind || ': one entry', 'entries '
            || string_agg(DISTINCT entry_no::VARCHAR, ', ' ORDER BY entry_no::VARCHAR)
    FROM posting GROUP BY source_kind, source_id HAVING count(DISTINCT entry_no) > 1
"""
UNBALANCED = """
    SELECT min(account_id), currency, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ,
        [min(entry_id)], 'entry ' || entry_no || ': postings that sum to 0',
        sum(amount_minor) || ''
    FROM posting GROUP BY entry_no, currency HAVING sum(amount_minor) <> 0
"""
CHARGED = """
    SELECT currency, sum(amount_minor), (
        SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE source_kind = 'charge'
            AND ledger_account = 'assets:unbilled_usage' AND posting.currency = charge.currency
    ) FROM charge ANTI JOIN unbooked USING (run_id) GROUP BY ALL ORDER BY ALL
"""
IN_BALANCE = """
    SELECT currency, coalesce(sum(amount_minor) FILTER (amount_minor > 0), 0),
        -coalesce(sum(amount_minor) FILTER (amount_minor < 0), 0)
    FROM posting GROUP BY ALL ORDER BY ALL
"""
