"""What a billing period costs by the words of the files: one function for each kind of line.

Amounts are fractions of the currency's major unit until each line is rounded, once. The lines of a
period are made in the order of docs/pricing.md; those of usage in usage_lines.py.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from audit.periods import instant_at
from audit.prices.agreements import Item
from audit.prices.amounts import divide, minor_units, rounded, to_minor
from audit.prices.charged_periods import ChargedPeriod, Part, join_parts
from audit.prices.lines import PricedLine, by_card, share_of_time

Draws = dict[tuple[str, datetime], int]
"""Minor units that were drawn, by grant and start of the period."""


def recurring_lines(period: ChargedPeriod) -> list[PricedLine]:
    """Price fees, cut where a card, the seats or a trial change; those in arrears at the end."""
    lines = []
    fee_ids = {fee["fee_id"] for part in period.parts for fee in part.card.get("fees", [])}
    for fee_id in sorted(fee_ids):

        def alike(part: Part, fee_id: str = fee_id) -> tuple[object, ...]:
            return (*by_card(part), part.contract.get("seats", {}).get(fee_id, 0))

        for part, _ in join_parts(period.parts, alike):
            for fee in part.card.get("fees", []):
                is_due = period.is_closed or fee.get("due") == "advance"
                if fee["fee_id"] == fee_id and is_due:
                    seats = part.contract.get("seats", {}).get(fee_id, 0)
                    count = Fraction(seats if fee.get("per_seat") else 1)
                    share = _share_of_fee(period, part, fee.get("proration", "exact"))
                    amount = fee["amount"] * count * share
                    key = ("recurring_fee", fee_id, fee["product"])
                    quantity = count if share else Fraction(0)
                    minor = to_minor(amount, part.card)
                    lines.append(PricedLine(*key, part, minor, amount, quantity))
    return lines


def one_off_lines(period: ChargedPeriod, fees: Iterable[Item]) -> list[PricedLine]:
    """Price fees that are charged once, as they are."""
    whole = _whole_part(period)
    return [
        PricedLine(
            "one_off_fee",
            fee["fee_id"],
            fee["product"],
            whole,
            to_minor(fee["amount"], whole.card),
            fee["amount"],
            Fraction(1),
        )
        for fee in fees
    ]


def bound_lines(period: ChargedPeriod, lines: list[PricedLine]) -> list[PricedLine]:
    """Hold what the usage of each version of a card costs between its maximum and its minimum."""
    added = []
    for part, _ in join_parts(period.parts, by_card):
        used = [line for line in lines if line.kind == "usage" and _is_in(line, part)]
        cost = sum(line.minor for line in used)
        share = share_of_time(period, part)
        if "maximum" in part.card:
            above = cost - to_minor(part.card["maximum"] * share, part.card)
            if above > 0:
                parts = divide(-above, _by_product(used))
                added += _minor_lines("maximum", part.card["card_id"], part, parts)
                cost -= above
        if "minimum" in part.card and period.is_closed:
            below = to_minor(part.card["minimum"] * share, part.card) - cost
            if below > 0:
                product = part.card.get("minimum_product", "minimum")
                added += _minor_lines("minimum", part.card["card_id"], part, {product: below})
    return added


def trial_lines(period: ChargedPeriod, lines: list[PricedLine]) -> list[PricedLine]:
    """Take off all that usage and recurring fees cost in a trial."""
    added = []
    for part, _ in join_parts(period.parts, lambda each: each.is_trial):
        tried = [line for line in lines if line.kind != "one_off_fee" and _is_in(line, part)]
        if part.is_trial:
            taken = {product: -minor for product, minor in _by_product(tried).items()}
            added += _minor_lines("trial", part.card["card_id"], part, taken)
    return added


def discount_lines(
    period: ChargedPeriod, discount: Item, number: int, lines: list[PricedLine]
) -> list[PricedLine]:
    """Take a discount off the products that it is on.

    Args:
        period: The period.
        discount: Of the contract that holds at the period's end.
        number: Which of its billing periods this one is, from 1; before that it is none.
        lines: Those of before, other discounts too.
    """
    if number < 1 or number > discount.get("periods", number):
        return []
    whole = _whole_part(period)
    on = {
        product: minor
        for product, minor in _by_product(lines).items()
        if minor > 0 and product in discount.get("products", [product])
    }
    if "rate" in discount:
        taken = rounded(sum(on.values()) * discount["rate"], whole.card)
    else:
        taken = min(to_minor(discount["amount"], whole.card), sum(on.values()))
    return _minor_lines("discount", discount["discount_id"], whole, divide(-taken, on))


def commitment_lines(period: ChargedPeriod, lines: list[PricedLine]) -> list[PricedLine]:
    """Add what all lines, but fees that are charged once, come to less than was committed to."""
    whole = _whole_part(period)
    committed = sum(
        (
            part.contract.get("commitment", 0) * share_of_time(period, part)
            for part in period.parts
            if not part.is_trial
        ),
        Fraction(0),
    )
    counted = sum(line.minor for line in lines if line.kind != "one_off_fee")
    below = to_minor(committed, whole.card) - counted
    if not committed or below <= 0:
        return []
    product = whole.contract.get("commitment_product", "commitment")
    return _minor_lines("commitment", whole.card["card_id"], whole, {product: below})


def credit_lines(
    period: ChargedPeriod, grants: Iterable[Item], draws: Draws, lines: list[PricedLine]
) -> list[PricedLine]:
    """Pay what is owed from grants, in their order, as far as they last.

    What an earlier run has drawn for this period stays drawn as far as it is owed.

    Args:
        period: The period.
        grants: Of the account.
        draws: Of all periods on all grants until now; then this period's are new.
        lines: All others.
    """
    whole, added = _whole_part(period), list[PricedLine]()
    grants = [each for each in grants if each["currency"] == whole.contract["currency"]]
    names = [each["grant_id"] for each in grants]
    drawn_before = {name: draws.pop((name, period.start), 0) for name in names}
    usable = sorted(
        (each for each in grants if _is_usable(each, period) or drawn_before[each["grant_id"]]),
        key=_order_of_grants,
    )
    owed = max(sum(line.minor for line in lines), 0)
    drawn = {}
    for grant in usable:
        drawn[grant["grant_id"]] = min(drawn_before[grant["grant_id"]], owed)
        owed -= drawn[grant["grant_id"]]
    for grant in usable:
        name = grant["grant_id"]
        granted = to_minor(grant["amount"], whole.card)
        elsewhere = sum(minor for (other, _), minor in draws.items() if other == name)
        more = max(min(granted - elsewhere - drawn[name], owed), 0)
        drawn[name] += more
        owed -= more
    for grant in usable:
        minor = -drawn[grant["grant_id"]]
        if minor:
            draws[grant["grant_id"], period.start] = -minor
        of_products = divide(minor, _by_product([*lines, *added]))
        parts = {"": minor} if grant.get("is_paid", True) else of_products
        added += _minor_lines("credit", grant["grant_id"], whole, parts)
    return added


def _is_usable(grant: Item, period: ChargedPeriod) -> bool:
    """Return whether a grant is there when a period ends."""
    is_granted: bool = grant["granted"] < period.end
    return is_granted and period.end <= grant.get("expires", period.end)


def _order_of_grants(grant: Item) -> tuple[object, ...]:
    never = "expires" not in grant
    return (grant.get("priority", 0), never, grant.get("expires"), grant["grant_id"])


def _share_of_fee(period: ChargedPeriod, part: Part, proration: str) -> Fraction:
    if proration == "none":
        return Fraction(part.start == period.start)
    days = _days(*period.whole, period.timezone)
    if proration == "exact" or not days:
        return share_of_time(period, part)
    return Fraction(_days(part.start, part.end, period.timezone), days)


def _days(start: datetime, end: datetime, timezone: str) -> int:
    """Return how many days of a zone begin from an instant until before another."""
    first = datetime(start.year, start.month, start.day) - timedelta(days=2)
    days = range((end - start).days + 5)
    midnights = {instant_at(timezone, first + timedelta(days=each)) for each in days}
    return sum(start <= midnight < end for midnight in midnights)


def _whole_part(period: ChargedPeriod) -> Part:
    ((part, _),) = join_parts(period.parts, lambda _: None)
    return part


def _is_in(line: PricedLine, part: Part) -> bool:
    return part.start <= line.part.start < part.end


def _by_product(lines: Iterable[PricedLine]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.product] = sums.get(line.product, 0) + line.minor
    return sums


def _minor_lines(
    kind: str, line_id: str, part: Part, minor_by_product: Mapping[str, int]
) -> list[PricedLine]:
    scale = minor_units(part.card["currency"])
    return [
        PricedLine(kind, line_id, product, part, minor, Fraction(minor, scale))
        for product, minor in minor_by_product.items()
        if minor
    ]
