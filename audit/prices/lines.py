"""What one line of a period comes to, and which parts of a period share a line."""

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from audit.prices.charged_periods import ChargedPeriod, Part


@dataclass(frozen=True)
class PricedLine:
    """What one line of a period comes to."""

    kind: str
    line_id: str
    product: str
    part: Part
    minor: int
    amount: Fraction
    quantity: Fraction = Fraction(0)
    meter_id: str = ""
    payouts: dict[str, int] = field(default_factory=dict)
    group: str = "{}"


def by_card(part: Part) -> tuple[object, ...]:
    """Return what parts have in common that one line of usage is for."""
    return (part.card["card_id"], part.card["version"], part.is_trial)


def share_of_time(period: ChargedPeriod, part: Part) -> Fraction:
    """Return the share of a whole billing period that a part has, by duration."""
    microsecond = timedelta(microseconds=1)
    start, end = period.whole
    return Fraction((part.end - part.start) // microsecond, (end - start) // microsecond)
