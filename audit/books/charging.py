"""Usage and charges: each row of usage is charged once or explained, and revisions add up."""

from audit.books.reading import LINE

_PERIOD = "account_id, period_start, period_end, meter_id"
BEHIND_A_FREEZE = "behind a freeze"
"""What a row of usage is of which nothing is charged, as its period waits."""

COVERED = f"""
    SELECT DISTINCT {_PERIOD} FROM used ANTI JOIN naming USING ({_PERIOD}, row_id)
    UNION SELECT {_PERIOD} FROM quantities WHERE used <> charged OR NOT agree OR NOT is_same
    ORDER BY ALL
"""  # noqa: S608 - no outside text
"""The meters and periods of which cards have to be asked."""
# When usage was brought back is not known. In a period that waits, what no charge names was later.
DUE = f"""
    CREATE TABLE due AS
    WITH named AS (
        SELECT DISTINCT {_PERIOD}, row_id FROM naming
    ), told AS (
        SELECT used.*, named.row_id IS NOT NULL AS is_named,
            waiting.account_id IS NOT NULL AS waits, is_told, priced_until
        FROM used LEFT JOIN named USING ({_PERIOD}, row_id)
        LEFT JOIN waiting USING (account_id, period_start, period_end)
    )
    SELECT * EXCLUDE (is_told, priced_until), CASE WHEN NOT waits THEN is_known
        WHEN NOT is_told OR known_at IS NULL THEN is_named
        ELSE coalesce(known_at <= priced_until, false) END AS is_due
    FROM told
"""  # noqa: S608 - no outside text
"""The table `due`: usage, and what of it the last run that took its period has known."""
FATES = f"""
    CREATE TABLE fate AS
    WITH told AS (
        SELECT due.*, coverage FROM due LEFT JOIN priced_meters USING ({_PERIOD})
    )
    SELECT *, CASE WHEN NOT coalesce(is_known, false) THEN 'priced later'
        WHEN is_named THEN 'charged'
        WHEN coverage = 'no contract' THEN 'no contract'
        WHEN coverage IN ('free', 'free in part') THEN coverage
        WHEN waits AND NOT is_due THEN '{BEHIND_A_FREEZE}'
        WHEN delta = 0 THEN 'zero'
        WHEN sum(delta) FILTER (is_due AND NOT is_named)
            OVER (PARTITION BY {_PERIOD}) = 0 THEN 'evened out'
        ELSE 'not charged' END AS fate
    FROM told
"""  # noqa: S608 - no outside text
"""The table `fate`: of each row of usage whether it is charged, or why not."""
NAMING = f"""
    CREATE TABLE naming AS
    SELECT DISTINCT charge_id, {_PERIOD}, unnest(from_json(usage_row_ids, '["VARCHAR"]')) AS row_id
    FROM charge WHERE kind = 'usage' AND usage_row_ids <> '[]'
"""  # noqa: S608 - no outside text
"""The table `naming`: which charges say that they were priced from which rows."""

EXPLAINED = "SELECT fate, count(*) FROM fate GROUP BY ALL ORDER BY ALL"
WAITS = f"""
    SELECT meter_id, count(*), sum(delta) FROM fate WHERE fate = '{BEHIND_A_FREEZE}'
    GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - no outside text
"""What of each meter was used in periods that wait, and is not charged: rows, and all of them."""

# Parts of a period repeat what was used where usage cannot be cut; each price of a meter does so.
QUANTITIES = f"""
    CREATE TABLE quantities AS
    WITH by_price AS (
        SELECT {_PERIOD}, line_id, product, segment_start, sum(quantity) AS quantity
        FROM last_charge WHERE kind = 'usage' AND (quantity <> 0 OR total_minor <> 0) GROUP BY ALL
    ), by_part AS (
        SELECT {_PERIOD}, segment_start, max(quantity) AS quantity, min(quantity) AS least
        FROM by_price GROUP BY ALL
    ), charged AS (
        SELECT {_PERIOD}, sum(quantity) AS in_all, max(quantity) AS at_most,
            bool_and(quantity = least) AS agree, min(quantity) AS at_least
        FROM by_part GROUP BY ALL
    ), in_use AS (
        SELECT {_PERIOD}, min(aggregation) AS aggregation, sum(delta) AS used,
            bool_or(source = 'brought back') AS has_more
        FROM due WHERE is_due GROUP BY ALL
    ), both_sides AS (
        SELECT {_PERIOD}, coalesce(used, 0) AS used, coalesce(agree, true) AS agree,
            CASE WHEN aggregation IS NULL OR aggregation IN ('count', 'sum', 'histogram')
                THEN coalesce(in_all, 0) ELSE coalesce(at_most, 0) END AS charged,
            aggregation IN ('count', 'sum', 'histogram') OR coalesce(at_least = at_most, true)
                OR aggregation IS NULL AS is_same,
            aggregation NOT IN ('count', 'sum', 'histogram', 'time_weighted_sum') AND has_more
                AS is_formed
        FROM in_use FULL JOIN charged USING ({_PERIOD})
    )
    SELECT * FROM both_sides WHERE NOT coalesce(is_formed, false)
"""  # noqa: S608 - no outside text
"""The table `quantities`: of each meter and period, used and charged."""
NOT_COMPARED = f"""
    DELETE FROM quantities USING priced_meters AS asked WHERE asked.coverage <> 'priced'
        AND ({", ".join(f"quantities.{name}" for name in _PERIOD.split(", "))})
            = ({", ".join(f"asked.{name}" for name in _PERIOD.split(", "))})
"""  # noqa: S608 - no outside text
"""Takes those out of which not all usage is priced."""

_NONE = "NULL::VARCHAR"
NOT_CHARGED = f"""
    SELECT account_id, {_NONE}, period_start, period_end, list(row_id ORDER BY row_id),
        meter_id || ': charges that name all rows of usage',
        count(*) || ' rows that none names, ' || sum(delta) || ' in all'
    FROM fate WHERE fate = 'not charged' GROUP BY {_PERIOD}
"""  # noqa: S608 - no outside text
CHARGED_TWICE = f"""
    SELECT min(account_id), {_NONE}, min(period_start), max(period_end), [row_id],
        'charges of one meter and period', count(*) || ' of them name it'
    FROM (SELECT DISTINCT {_PERIOD}, row_id FROM naming) GROUP BY row_id HAVING count(*) > 1
    UNION ALL
    SELECT account_id, {_NONE}, period_start, period_end, [charge_id],
        len(list_distinct(ids)) || ' rows of usage, each once', len(ids) || ' names'
    FROM (SELECT *, from_json(usage_row_ids, '["VARCHAR"]') AS ids FROM charge)
    WHERE len(ids) <> len(list_distinct(ids))
"""  # noqa: S608 - no outside text
USAGE_UNKNOWN = f"""
    SELECT account_id, {_NONE}, period_start, period_end, list(DISTINCT row_id ORDER BY row_id),
        meter_id || ': rows of usage of this meter and period',
        'names of ' || count(DISTINCT row_id) || ' that are not there'
    FROM naming ANTI JOIN used USING ({_PERIOD}, row_id) GROUP BY {_PERIOD}
"""  # noqa: S608 - no outside text
QUANTITY_DIFFERS = f"""
    SELECT account_id, {_NONE}, period_start, period_end, [meter_id],
        meter_id || ': ' || used || ' as used', CASE WHEN agree AND is_same THEN charged || ''
            ELSE 'lines of one part that say different quantities, ' || charged || ' at most' END
    FROM quantities WHERE used <> charged OR NOT agree OR NOT is_same
"""  # noqa: S608 - no outside text
REVISIONS_BROKEN = f"""
    WITH placed AS (
        SELECT *, row_number() OVER line - 1 AS place, lag(charge_id) OVER line AS id_before,
            sum(amount_minor) OVER line AS in_all
        FROM charge WINDOW line AS (PARTITION BY {LINE} ORDER BY revision, charge_id)
    ), wrong AS (
        SELECT * FROM placed WHERE revision <> place OR in_all <> total_minor
            OR corrected_charge_id IS DISTINCT FROM id_before
    )
    SELECT account_id, currency, period_start, period_end, [charge_id],
        kind || ' ' || line_id || ' ' || product || ': revision ' || place || ' of '
            || coalesce(id_before, 'none') || ', ' || in_all || ' in all',
        'revision ' || revision || ' of ' || coalesce(corrected_charge_id, 'none') || ', '
            || total_minor || ' in all'
    FROM wrong QUALIFY row_number() OVER (PARTITION BY {LINE} ORDER BY place) = 1
"""  # noqa: S608 - no outside text
CHARGED_WHILE_FROZEN = """
    SELECT charge.account_id, currency, period_start, period_end,
        list(charge_id ORDER BY charge_id), 'no charge, as the period waits',
        count(*) || ' charges of ' || string_agg(DISTINCT charge.run_id, ', '
            ORDER BY charge.run_id) || ', ' || sum(amount_minor) || ' in all'
    FROM charge JOIN waiting USING (account_id, period_start, period_end)
    LEFT JOIN ran ON ran.run_id = charge.run_id
    WHERE coalesce(ran.place > waiting.place, true) GROUP BY ALL
"""
RUN_UNFINISHED = f"""
    SELECT {_NONE}, {_NONE}, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ, [run_id],
        'a run that is finished', 'one that died with ' || count(*) || ' charges; run'
            || ' jobs.price_usage, which finishes it'
    FROM charge SEMI JOIN unfinished USING (run_id) GROUP BY run_id
"""  # noqa: S608 - no outside text

USAGE_ROWS = """
    SELECT '', count(*), count(*) FILTER (fate <> 'not charged') FROM fate
"""
USED_QUANTITIES = """
    SELECT meter_id, sum(used), sum(charged) FROM quantities GROUP BY ALL ORDER BY ALL
"""
CHARGED_AMOUNTS = """
    SELECT currency, sum(amount_minor), (
        SELECT coalesce(sum(total_minor), 0) FROM last_charge AS last
        WHERE last.currency = charge.currency
    ) FROM charge GROUP BY ALL ORDER BY ALL
"""
