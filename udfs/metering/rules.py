"""The settings of metering, and the delay that spreads its timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5

from schemas.billing_period import BillingPeriod
from schemas.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from schemas.meter import Meter


@dataclass(frozen=True, slots=True)
class MeteringRules:
    """The settings of metering.

    Attributes:
        meters: The configured meters by meter_id.
        correction_bucket_us: Late usage is gathered for so much log time into one correction.
        unknown_account_wait_us: Usage of an unknown account waits so long, in log time.
        event_window_us: Usage is summed by windows of so much event time.
        log_window_us: The hot path gathers usage by windows of so much log time.
        jitter_us: Timers of an account fire up to so much later, to spread the accounts.
        account_buckets: Into so many buckets accounts are grouped; those of one share their delay.
        earlier_reaches: By meter_id, what its grace and correction horizon together were before:
            until which log time, and how long.
    """

    meters: Mapping[str, Meter]
    correction_bucket_us: int = HOUR_US
    unknown_account_wait_us: int = DAY_US
    event_window_us: int = MINUTE_US
    log_window_us: int = 10 * SECOND_US
    jitter_us: int = 0
    account_buckets: int = 720
    earlier_reaches: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


def account_bucket(account_id: str, buckets: int) -> int:
    """Return the bucket of an account: the first 16 bits of its id's MD5, modulo their number.

    `jobs.flink.keying` has the same in SQL; state is laid out by it, so it never changes.
    """
    digest = md5(account_id.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:2]) % buckets


def jitter_us(rules: MeteringRules, account_id: str) -> int:
    """Return how much later the account's timers fire: 0 to `rules.jitter_us`, always the same.

    A timer looks at all entries of its bucket. So the accounts of a bucket share one delay, and the
    buckets are spread evenly: what is due at one instant is looked at once, not once an account.
    """
    if rules.jitter_us == 0:
        return 0
    bucket = account_bucket(account_id, rules.account_buckets)
    return bucket * (rules.jitter_us + 1) // rules.account_buckets


def forgotten_us(rules: MeteringRules, meter_id: str, period: BillingPeriod) -> int | None:
    """Return the log time after which an entry of a period may have been there and be forgotten.

    It is forgotten under the reach that it was opened with. Where a meter's was changed since the
    period began, that may have been any of them.

    Returns:
        None where the meter's own reach, as it is now, says it all.
    """
    reaches = rules.earlier_reaches.get(meter_id, ())
    since = [reach_us for until_us, reach_us in reaches if period.start_us < until_us]
    return period.end_us + min(since) if since else None
