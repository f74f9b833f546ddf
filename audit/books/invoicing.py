"""Invoices: they add up, in themselves and with their charges, and no number or charge is lost."""

_NO_PERIOD = "NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ"
_NAME = "coalesce(number, invoice_id)"
_SUMS = ("charged", "net", "tax", "total", "credit", "payable")
_COLUMNS = " OR ".join(f"said.{name}_minor IS DISTINCT FROM {name}_minor" for name in _SUMS)
_AMOUNTS = ", ".join(f"'{name}': {name}_minor" for name in _SUMS)

CHANGED = f"""
    SELECT account_id, currency, {_NO_PERIOD}, [invoice_id],
        {_NAME} || ', ' || state || ': content of hash ' || content_hash, sha256(content)
    FROM invoice_state WHERE sha256(content) <> content_hash
    UNION ALL
    SELECT account_id, currency, {_NO_PERIOD}, [invoice_id],
        {_NAME} || ', ' || state || ': columns as the content says', 'others'
    FROM invoice_state WHERE {_COLUMNS} OR said.invoice_id IS DISTINCT FROM invoice_id
        OR said.terms.account_id IS DISTINCT FROM account_id OR said.state IS DISTINCT FROM state
        OR said.terms.currency IS DISTINCT FROM currency OR said.kind IS DISTINCT FROM kind
        OR said.number IS DISTINCT FROM coalesce(number, '')
    UNION ALL
    SELECT min(account_id), min(currency), {_NO_PERIOD}, [invoice_id],
        min({_NAME}) || ': the same lines and amounts in each state',
        count(DISTINCT (said.lines, said.tax_lines, said.credits, {{{_AMOUNTS}}})) || ' of them'
    FROM invoice_state GROUP BY invoice_id
    HAVING count(DISTINCT (said.lines, said.tax_lines, said.credits, {{{_AMOUNTS}}})) > 1
"""  # noqa: S608 - no outside text
MISSING = f"""
    SELECT account_id, currency, {_NO_PERIOD}, list(invoice_id ORDER BY invoice_id),
        max(said.sequence) || ' invoices, numbered without a gap', count(*) || ' of them'
    FROM invoice GROUP BY account_id, currency
    HAVING max(said.sequence) <> count(*) OR count(DISTINCT said.sequence) <> count(*)
"""  # noqa: S608 - no outside text


def _sum(members: str, of: str) -> str:
    return f"coalesce(list_sum([each.{of} FOR each IN said.{members}]), 0)"


_ADDED = "coalesce(list_sum([t.tax_minor FOR t IN said.tax_lines IF t.mode = 'exclusive']), 0)"
SUMS = f"""
    CREATE TABLE invoice_sum AS
    SELECT invoice_id, account_id, currency, {_NAME} AS name, unnest([
            {{'what': 'lines', 'parts': {_sum("lines", "amount_minor")}, 'whole': charged_minor}},
            {{'what': 'net amounts', 'parts': {_sum("lines", "net_minor")}, 'whole': net_minor}},
            {{'what': 'taxes', 'parts': {_sum("tax_lines", "tax_minor")}, 'whole': tax_minor}},
            {{'what': 'credit', 'parts': {_sum("credits", "amount_minor")}, 'whole': credit_minor}},
            {{'what': 'net and taxes', 'parts': net_minor + tax_minor, 'whole': total_minor}},
            {{'what': 'lines and added taxes', 'parts': charged_minor + {_ADDED},
                'whole': total_minor}},
            {{'what': 'total and credit', 'parts': total_minor + credit_minor,
                'whole': payable_minor}}
        ], recursive := true) FROM invoice
"""  # noqa: S608 - no outside text
"""The table `invoice_sum`: parts and whole of each invoice, by what they are."""
SUM_DIFFERS = f"""
    SELECT account_id, currency, {_NO_PERIOD}, [invoice_id],
        name || ', ' || what || ': ' || parts, whole || '' FROM invoice_sum WHERE parts <> whole
"""  # noqa: S608 - no outside text
LINE_DIFFERS = """
    WITH charged AS (
        SELECT invoice_id, line_no, count(*) AS named, count(charge.charge_id) AS there,
            coalesce(sum(amount_minor), 0) AS minor, count(DISTINCT (charge.account_id, currency,
                kind, line_id, product, "group", period_start, period_end, segment_start)) AS alike,
            arg_min(charge, charge.charge_id) AS one,
            bool_and(charge.account_id = invoice_charge.account_id) AS own
        FROM invoice_charge LEFT JOIN charge USING (charge_id) WHERE line_no > 0 GROUP BY ALL
    )
    SELECT account_id, invoice_line.currency, make_timestamptz(line.period_start_us),
        make_timestamptz(line.period_end_us), line.charge_ids,
        coalesce(number, invoice_id) || ', line ' || line_no || ', ' || line.kind || ' '
            || line.line_id || ': ' || coalesce(minor, 0) || ' of ' || coalesce(there, 0)
            || ' charges of one line', line.amount_minor || ' of ' || coalesce(named, 0)
            || CASE WHEN alike = 1 THEN '' ELSE ', of different lines' END
    FROM invoice_line LEFT JOIN charged USING (invoice_id, line_no)
    WHERE line.amount_minor IS DISTINCT FROM minor OR named <> there OR alike <> 1 OR NOT own
        OR invoice_line.currency <> one.currency
        OR (line.kind, line.line_id, line.product, line."group", line.period_start_us,
            line.period_end_us, line.segment_start_us) IS DISTINCT FROM (one.kind, one.line_id,
            one.product, one."group", epoch_us(one.period_start), epoch_us(one.period_end),
            epoch_us(one.segment_start))
    UNION ALL
    SELECT account_id, currency, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ, paid.charge_ids,
        coalesce(number, invoice_id) || ', credit ' || paid.grant_id || ': ' || minor,
        paid.amount_minor || ''
    FROM (
        SELECT *, coalesce((
            SELECT sum(charge.amount_minor) FROM charge
            WHERE list_contains(paid.charge_ids, charge.charge_id) AND charge.kind = 'credit'
                AND charge.line_id = paid.grant_id AND charge.account_id = credited.account_id
        ), 0) AS minor FROM (SELECT *, unnest(said.credits) AS paid FROM invoice) AS credited
    ) WHERE minor <> paid.amount_minor
"""
TAX_SHARE = f"""
    WITH shares AS (
        SELECT invoice_id, tax.tax_id, tax.rate, sum(tax.tax_minor) AS shared
        FROM (SELECT invoice_id, unnest(line.taxes) AS tax FROM invoice_line) GROUP BY ALL
    ), taxes AS (
        SELECT invoice_id, tax.tax_id, tax.rate, sum(tax.tax_minor) AS minor
        FROM (SELECT invoice_id, unnest(said.tax_lines) AS tax FROM invoice) GROUP BY ALL
    ), both_sides AS (
        SELECT invoice_id, tax_id, rate, coalesce(minor, 0) AS minor, coalesce(shared, 0) AS shared
        FROM taxes FULL JOIN shares USING (invoice_id, tax_id, rate)
    )
    SELECT account_id, currency, {_NO_PERIOD}, [invoice_id],
        {_NAME} || ', ' || tax_id || ' ' || rate || ': shares of ' || minor, shared || ''
    FROM both_sides JOIN invoice USING (invoice_id) WHERE minor <> shared
"""  # noqa: S608 - no outside text
# Exact where the tax is added; what a price contains is no product of its own base any more.
TAX_DIFFERS = f"""
    SELECT account_id, currency, {_NO_PERIOD}, [invoice_id], {_NAME} || ', ' || tax.tax_id || ': '
            || tax.rate || ' of ' || tax.base_minor || ', rounded once', tax.tax_minor || ''
    FROM (SELECT *, unnest(said.tax_lines) AS tax FROM invoice)
    WHERE tax.mode = 'exclusive' AND
        abs(tax.base_minor::DECIMAL(18, 0) * tax.rate::DECIMAL(18, 12) - tax.tax_minor)
            > CASE said.terms.rounding WHEN 'down' THEN 0.999999999999 ELSE 0.5 END
"""  # noqa: S608 - no outside text
INVOICED_TWICE = f"""
    SELECT min(account_id), NULL::VARCHAR, {_NO_PERIOD}, [charge_id],
        'one line of one invoice', count(*) || ' lines of '
            || string_agg(DISTINCT {_NAME}, ', ' ORDER BY {_NAME})
    FROM invoice_charge WHERE state <> 'void' GROUP BY charge_id HAVING count(*) > 1
"""  # noqa: S608 - no outside text
UNNAMED = """
    WITH firsts AS (
        SELECT invoice_id, line_no,
            arg_min(corrected_charge_id, (revision, charge_id)) AS corrected_id
        FROM invoice_charge JOIN charge USING (charge_id) WHERE line_no > 0 GROUP BY ALL
    ), earlier AS (
        SELECT charge_id, min(coalesce(number, '')) AS number FROM invoice_charge
        WHERE state <> 'void' GROUP BY charge_id
    )
    SELECT line.account_id, line.currency, make_timestamptz(line.period_start_us),
        make_timestamptz(line.period_end_us), line.charge_ids,
        coalesce(invoice_number, invoice_id) || ', line ' || line_no || ': correction of '
            || coalesce(nullif(earlier.number, ''), 'nothing invoiced'),
        coalesce(nullif(line.corrected_number, ''), 'none named')
    FROM (SELECT invoice_id, line_no, number AS invoice_number, state, {
            'account_id': account_id, 'currency': currency, 'charge_ids': line.charge_ids,
            'period_start_us': line.period_start_us, 'period_end_us': line.period_end_us,
            'corrected_number': line.corrected_number} AS line FROM invoice_line)
    JOIN firsts USING (invoice_id, line_no) LEFT JOIN earlier ON charge_id = corrected_id
    WHERE state <> 'void' AND coalesce(earlier.number, '') <> line.corrected_number
"""

NUMBERS = """
    CREATE TABLE numbered AS
    SELECT invoice_id, account_id, number, series.digits AS digits,
        CASE WHEN series.by_year THEN regexp_extract(number, '^(.*)-[0-9]+$', 1)
            ELSE series.series_id END AS series,
        TRY_CAST(regexp_extract(number, '-([0-9]+)$', 1) AS BIGINT) AS place
    FROM (
        SELECT *, CASE kind WHEN 'invoice' THEN said.terms.series
            ELSE said.terms.credit_series END AS series
        FROM invoice WHERE number IS NOT NULL
    )
"""
"""The table `numbered`: the number of each invoice that has one, taken to pieces."""
NUMBER_MISSING = f"""
    WITH places AS (
        SELECT series, digits, unnest(generate_series(1, last)) AS place
        FROM (SELECT series, digits, max(place) AS last FROM numbered GROUP BY ALL)
    )
    SELECT NULL::VARCHAR, NULL::VARCHAR, {_NO_PERIOD}, [series || '-'
            || lpad(place::VARCHAR, greatest(digits, len(place::VARCHAR))::INT, '0')],
        'series ' || series || ': number ' || place, 'none'
    FROM places ANTI JOIN numbered USING (series, place)
    UNION ALL
    SELECT account_id, NULL::VARCHAR, {_NO_PERIOD}, [invoice_id],
        'a number that ends with - and digits', number FROM numbered WHERE place IS NULL
"""  # noqa: S608 - no outside text
NUMBER_REPEATED = f"""
    SELECT min(account_id), NULL::VARCHAR, {_NO_PERIOD}, list(invoice_id ORDER BY invoice_id),
        number || ': one invoice', count(*) || '' FROM numbered GROUP BY number HAVING count(*) > 1
"""  # noqa: S608 - no outside text

INVOICED = """
    SELECT currency, sum(amount_minor), coalesce(sum(amount_minor) FILTER (charge_id IN (
            SELECT charge_id FROM invoice_charge WHERE state = 'issued')), 0)
        + coalesce(sum(amount_minor) FILTER (charge_id IN (
            SELECT charge_id FROM invoice_charge WHERE state IN ('draft', 'approved'))), 0)
        + coalesce(sum(amount_minor) FILTER (charge_id NOT IN (
            SELECT charge_id FROM invoice_charge WHERE state <> 'void')), 0)
    FROM charge GROUP BY ALL ORDER BY ALL
"""
ADDED_UP = """
    SELECT currency, sum(parts), sum(whole) FROM invoice_sum WHERE what = $what
    GROUP BY ALL ORDER BY ALL
"""
SHARES = """
    SELECT currency, coalesce(sum(list_sum([each.tax_minor FOR each IN line.taxes])), 0), (
        SELECT coalesce(sum(tax_minor), 0) FROM invoice
        WHERE invoice.currency = invoice_line.currency
    ) FROM invoice_line GROUP BY ALL ORDER BY ALL
"""
SERIES = """
    SELECT series, count(DISTINCT place), max(place) FROM numbered GROUP BY ALL ORDER BY ALL
"""
