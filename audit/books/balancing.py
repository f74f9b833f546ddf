"""Balances: what stands on each ledger account is what the other tables come to, by customer."""

_WHO = "account_id, currency"
BALANCES = f"""
    CREATE TABLE balance AS
    WITH issued AS (FROM invoice WHERE state = 'issued'),
    paid AS (
        SELECT credit_left.*, source_id IS NOT NULL AS is_booked, is_over AND unused <> 0
            OR EXISTS (FROM posting WHERE source_kind = 'expiry'
                AND memo = 'expiry of credit ' || grant_id) AS is_gone
        FROM credit_left LEFT JOIN (
            SELECT DISTINCT source_id FROM posting WHERE source_kind = 'grant'
        ) ON source_id = grant_id
    ), booked AS (FROM charge ANTI JOIN unfinished USING (run_id)),
    billed AS (SELECT DISTINCT charge_id FROM invoice_charge WHERE state = 'issued'),
    is_there AS (FROM paid WHERE is_booked OR granted < getvariable('until')),
    shared AS (
        SELECT {_WHO}, each.key AS party, each.value::BIGINT AS minor
        FROM (FROM booked WHERE payouts_delta <> '{{}}') AS booked, json_each(payouts_delta) AS each
    ), parts AS (
        SELECT {_WHO}, 'assets:unbilled_usage' AS ledger_account, amount_minor AS minor
        FROM booked ANTI JOIN billed USING (charge_id)
        UNION ALL SELECT {_WHO}, 'assets:receivable', payable_minor FROM issued
        UNION ALL SELECT {_WHO}, 'assets:receivable', amount_minor FROM is_there
        UNION ALL SELECT {_WHO}, 'liabilities:credits', -amount_minor FROM is_there
        UNION ALL SELECT {_WHO}, 'liabilities:credits', -amount_minor FROM booked
            WHERE kind = 'credit' AND product = ''
        UNION ALL SELECT {_WHO}, 'liabilities:credits', unused FROM paid WHERE is_gone
        UNION ALL SELECT {_WHO}, 'revenue:breakage', -unused FROM paid WHERE is_gone
        UNION ALL SELECT {_WHO}, 'liabilities:tax_payable:' || jurisdiction, -tax_minor FROM issued
        UNION ALL SELECT {_WHO}, 'liabilities:payouts:' || party, -minor FROM shared
        UNION ALL SELECT {_WHO}, CASE WHEN kind = 'credit' THEN 'revenue:credits_given_away:'
                WHEN kind IN ('maximum', 'trial', 'discount') THEN 'revenue:discounts:'
                ELSE 'revenue:sales:' END || product, -amount_minor
        FROM booked WHERE NOT (kind = 'credit' AND product = '')
        UNION ALL SELECT booked.account_id, booked.currency, CASE
                WHEN kind = 'credit' THEN 'revenue:credits_given_away:'
                WHEN kind IN ('maximum', 'trial', 'discount') THEN 'revenue:discounts:'
                ELSE 'revenue:sales:' END || product, each.value::BIGINT
        FROM (FROM booked WHERE payouts_delta <> '{{}}') AS booked, json_each(payouts_delta) AS each
        UNION ALL SELECT {_WHO}, 'revenue:sales:' || line.product,
            line.amount_minor - line.net_minor FROM invoice_line WHERE state = 'issued'
    ), expected AS (
        SELECT {_WHO}, ledger_account, sum(minor)::BIGINT AS expected FROM parts GROUP BY ALL
    ), found AS (
        SELECT {_WHO}, ledger_account, sum(amount_minor)::BIGINT AS found FROM posting GROUP BY ALL
    )
    SELECT {_WHO}, ledger_account, coalesce(expected, 0) AS expected, coalesce(found, 0) AS found
    FROM expected FULL JOIN found USING ({_WHO}, ledger_account)
"""  # noqa: S608 - no outside text
"""The table `balance`: both sides, by customer, currency and account of the ledger."""
BALANCE_DIFFERS = f"""
    SELECT {_WHO}, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ, [ledger_account],
        ledger_account || ': ' || expected, found || '' FROM balance WHERE expected <> found
"""  # noqa: S608 - no outside text

LEDGER_ACCOUNTS = (
    ("assets:unbilled_usage", "charges on no issued invoice"),
    ("assets:receivable", "issued invoices to pay, and credit that was bought"),
    ("liabilities:tax_payable", "taxes of issued invoices"),
    ("liabilities:credits", "credit bought, less drawn, less expired"),
    ("liabilities:payouts", "shares of charges"),
    ("revenue:sales", "usage, fees, minimums, commitments, less shares and taxes contained"),
    ("revenue:discounts", "discounts, trials, above a maximum"),
    ("revenue:credits_given_away", "credit given away, as used"),
    ("revenue:breakage", "credit bought that expired"),
    ("expenses:rounding", "nothing: amounts are rounded once"),
)
"""The accounts of the ledger, and what the other tables say is on them."""
LEDGER = """
    SELECT currency, sum(found), sum(expected) FROM balance
    WHERE ledger_account = $name OR starts_with(ledger_account, $name || ':')
    GROUP BY ALL ORDER BY ALL
"""
