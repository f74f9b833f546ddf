"""A billing period: the half-open span of event time that one closed row covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """`[start_us, end_us)` of one account.

    Attributes:
        start_us: First instant inside, microseconds UTC.
        end_us: First instant after, microseconds UTC.
        timezone: IANA zone whose wall clock set the boundaries.
        terms_version: Version of the account's terms that set them.
    """

    start_us: int
    end_us: int
    timezone: str
    terms_version: int
