"""What usage is metered by, as the second opinion takes it."""

import json
from datetime import datetime, timedelta

from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.recomputing import Rules
from audit.shapes import OracleTerms, read_meters, read_terms
from iceberg.metered_evidence import MeteredEvidence
from jobs.settings import Settings

_US = timedelta(microseconds=1)


def metering_rules(evidence: MeteredEvidence, settings: Settings, until_us: int) -> Rules:
    """Return the rules by which the archive is judged.

    Args:
        evidence: Has the accounts.
        settings: Name meters file and clocks; the file was found right.
        until_us: Log time up to which the tables are complete.
    """
    metering = settings.metering
    clocks = Clocks(
        EPOCH + until_us * _US,
        timedelta(seconds=metering.log_window_s),
        timedelta(seconds=metering.event_window_s),
        timedelta(seconds=metering.correction_bucket_s),
        timedelta(seconds=metering.unknown_account_wait_s),
    )
    limits = Limits(
        max_record_bytes=metering.max_record_bytes,
        max_age=timedelta(days=metering.max_event_age_days),
        max_skew=timedelta(seconds=metering.max_event_skew_s),
    )
    accounts: dict[str, list[OracleTerms]] = {}
    known_at: dict[str, datetime] = {}
    for row in evidence.account_records():
        accounts[row["account_id"]] = read_terms(json.loads(row["terms"])["terms"])
        known_at.setdefault(row["account_id"], row["log_time"])
    return Rules(read_meters(metering.meters_file), accounts, clocks, limits, known_at)
