"""The settings of metering, and the delay that spreads its timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

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
        earlier_reaches: By meter_id, what its grace and correction horizon together were before:
            until which log time, and how long.
    """

    meters: Mapping[str, Meter]
    correction_bucket_us: int = HOUR_US
    unknown_account_wait_us: int = DAY_US
    event_window_us: int = MINUTE_US
    log_window_us: int = 10 * SECOND_US
    jitter_us: int = 0
    earlier_reaches: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


def jitter_us(rules: MeteringRules, account_id: str) -> int:
    """Return how much later the account's timers fire: 0 to `rules.jitter_us`, always the same."""
    if rules.jitter_us == 0:
        return 0
    digest = blake2b(account_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % (rules.jitter_us + 1)


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
