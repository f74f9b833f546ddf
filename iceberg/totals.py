"""The view of what each account used: the stream's rows, and what people brought back.

Everything is a decimal or a whole number. DuckDB divides decimals as binary floats, so an average
is divided as whole billionths, and its remainder decides the rounding: half up, away from zero, to
nine decimals, as the rules do (`udfs.aggregating.rounded`).
"""

from iceberg.decided_tables import BROUGHT_BACK_USAGE

_KEY = "account_id, meter_id, dimensions, period_start, period_end"
# A decimal(38,9) has nine decimals as text, too: without the point it is a number of billionths.
_BILLIONTHS = "replace(abs(units_sum)::VARCHAR, '.', '')::HUGEINT"
_ROUNDED = f"""({_BILLIONTHS} // abs(event_count)
    + (2 * ({_BILLIONTHS} % abs(event_count)) >= abs(event_count))::INT)"""
_AVERAGE = f"""(CASE WHEN (units_sum < 0) = (event_count < 0) THEN 1 ELSE -1 END)::DECIMAL(1, 0)
    * (({_ROUNDED} // 1000000000)::DECIMAL(29, 0)
        + ({_ROUNDED} % 1000000000)::DECIMAL(9, 0) * 0.000000001::DECIMAL(9, 9))"""

USAGE_TOTALS = f"""
    CREATE VIEW usage_totals AS
    WITH brought_back AS (
        SELECT {_KEY}, min(timezone) AS timezone, min(aggregation) AS aggregation,
            min(unit) AS unit, sum(quantity) AS added, max(quantity) AS greatest,
            min(quantity) AS least, sum(event_count)::BIGINT AS event_count,
            count(DISTINCT (aggregation, unit)) = 1 AS agrees
        FROM {BROUGHT_BACK_USAGE.name}
        GROUP BY ALL
    ), joined AS (
        SELECT {_KEY}, ifnull(revised.timezone, back.timezone) AS timezone,
            ifnull(revised.aggregation, back.aggregation) AS aggregation,
            ifnull(revised.unit, back.unit) AS unit,
            revised.quantity AS quantity, added, greatest, least,
            ifnull(revised.event_count, 0) AS revised_count,
            ifnull(revised.event_count, 0) + ifnull(back.event_count, 0) AS event_count,
            -- Only an average has a sum beside it; that of no events is not written down.
            CASE WHEN ifnull(revised.event_count, 0) = 0 THEN 0 WHEN back.aggregation = 'average'
                THEN json_extract_string(breakdown, '$.sum')::DECIMAL(38, 9) END
                + added AS units_sum,
            revision,
            added IS NULL OR agrees AND (revised.aggregation IS NULL
                OR revised.aggregation = back.aggregation AND revised.unit = back.unit) AS fits
        FROM revised_usage AS revised FULL JOIN brought_back AS back USING ({_KEY})
    ), formed AS (
        SELECT * REPLACE (CASE
            WHEN added IS NULL THEN quantity
            WHEN aggregation IN ('count', 'sum') THEN ifnull(quantity, 0) + added
            WHEN aggregation = 'max'
                THEN greatest(CASE WHEN revised_count <> 0 THEN quantity END, greatest)
            WHEN aggregation = 'min'
                THEN least(CASE WHEN revised_count <> 0 THEN quantity END, least)
            WHEN aggregation = 'average' AND event_count = 0 THEN 0
            WHEN aggregation = 'average' THEN {_AVERAGE}
        END::DECIMAL(38, 9) AS quantity)
        FROM joined
    )
    SELECT {_KEY}, timezone, aggregation, unit, quantity, event_count, revision,
        fits AND quantity IS NOT NULL AS addable
    FROM formed
    ORDER BY account_id, period_start, period_end, meter_id, dimensions
"""  # noqa: S608 - no outside text
