-- Where each event and meter ended, and in which revision.
INSERT INTO audit_usage
SELECT metered.account_id, metered.meter_id, metered.dimensions,
    audit_instant(start_us), audit_instant(end_us), metered.timezone, metered.terms_version,
    event_source, event_id, kafka_partition, kafka_offset, batch_index,
    audit_instant(event_us), audit_instant(log_us), audit_instant(window_end_us),
    audit_decimal(billionths), is_retraction,
    CASE WHEN place <> 'period' THEN place
        WHEN due_us > watermark_us THEN 'open'
        WHEN due_us = cut_us THEN 'closed'
        ELSE 'corrected' END AS fate,
    revision, fingerprint, own_dimensions, unassigned_reason, audit_instant(window_start_us), part,
    audit_instant(due_us)
FROM metered LEFT JOIN (
    SELECT account_id, meter_id, dimensions, period_start, revision,
        ifnull(correction_end, cut) AS due
    FROM audit_rows
) AS due_rows
    ON place = 'period' AND metered.account_id = due_rows.account_id
    AND metered.meter_id = due_rows.meter_id AND metered.dimensions = due_rows.dimensions
    AND audit_instant(start_us) = due_rows.period_start AND audit_instant(due_us) = due_rows.due;

DROP TABLE metered;
