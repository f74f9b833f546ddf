"""A period is cut where another contract or card begins to hold, and where a trial ends."""

import pytest

from schemas.contract import Contract
from schemas.rate_card import RateCard
from udfs.segmenting import UnknownTermsError, segment_period

START, END = 100, 200


def card(version: int, since_us: int, card_id: str = "standard", currency: str = "USD") -> RateCard:
    """A version of a rate card that prices nothing."""
    return RateCard(card_id, currency, version, since_us)


def contract(
    version: int, since_us: int, card_id: str | None = "standard", **more: object
) -> Contract:
    """A version of account A's contract."""
    return Contract("A", version, since_us, card_id, "USD", **more)  # type: ignore[arg-type]


CARDS = {
    ("standard", "USD"): (card(1, 0), card(2, 150)),
    ("premium", "USD"): (card(1, 0, "premium"),),
    ("later", "USD"): (card(1, 150_000_000, "later"), card(2, 250_000_000, "later")),
}


def _segments(
    *contracts: Contract, plan: str | None = None
) -> list[tuple[int, int, str, int, int, bool]]:
    found = segment_period("A", START, END, contracts, CARDS, plan)
    return [
        (
            each.start_us,
            each.end_us,
            each.card.card_id,
            each.card.version,
            each.contract.version,
            each.is_trial,
        )
        for each in found
    ]


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        pytest.param(
            [contract(1, 0, "premium")],
            [(100, 200, "premium", 1, 1, False)],
            id="nothing changes",
        ),
        pytest.param(
            [contract(1, 0)],
            [(100, 150, "standard", 1, 1, False), (150, 200, "standard", 2, 1, False)],
            id="a new version of the card",
        ),
        pytest.param(
            [contract(1, 0, "premium"), contract(2, 120)],
            [
                (100, 120, "premium", 1, 1, False),
                (120, 150, "standard", 1, 2, False),
                (150, 200, "standard", 2, 2, False),
            ],
            id="another plan, then its new version",
        ),
        pytest.param(
            [contract(1, 0, "premium", trial_until_us=130)],
            [(100, 130, "premium", 1, 1, True), (130, 200, "premium", 1, 1, False)],
            id="a trial ends",
        ),
        pytest.param(
            [contract(1, 0, "premium", trial_until_us=100)],
            [(100, 200, "premium", 1, 1, False)],
            id="a trial ended at the start",
        ),
        pytest.param(
            [contract(1, 0, "premium", trial_until_us=300)],
            [(100, 200, "premium", 1, 1, True)],
            id="all of it is trial",
        ),
        pytest.param(
            [contract(1, 0, "premium"), contract(2, 100, "premium")],
            [(100, 200, "premium", 1, 2, False)],
            id="at the very start the new version holds",
        ),
        pytest.param(
            [contract(3, 0, "premium"), contract(4, 200)],
            [(100, 200, "premium", 1, 3, False)],
            id="at the end it does not hold yet",
        ),
    ],
)
def test_segments(
    contracts: list[Contract], expected: list[tuple[int, int, str, int, int, bool]]
) -> None:
    """Parts follow one another; what changes nothing cuts nothing."""
    assert _segments(*contracts) == expected


def test_without_a_card_the_plan_of_the_terms_holds() -> None:
    """A contract may leave the card to the account's plan."""
    assert _segments(contract(1, 0, None), plan="premium") == [(100, 200, "premium", 1, 1, False)]


AT = "account A, from 1970-01-01T00:00:00.000100Z: expected"


@pytest.mark.parametrize(
    ("contracts", "plan", "message"),
    [
        ([], None, f"contract, {AT} one that holds, found none at all"),
        (
            [contract(1, 150), contract(2, 160)],
            None,
            f"contract, {AT} one that holds, found 1970-01-01T00:00:00.000150Z",
        ),
        ([contract(7, 0, None)], None, f"contract, {AT} a rate card, found none in version 7"),
        (
            [contract(1, 0, "gold")],
            None,
            f"rate card gold in USD, {AT} one that holds, found none at all",
        ),
        (
            [contract(1, 0, None)],
            "later",
            f"rate card later in USD, {AT} one that holds, found 1970-01-01T00:02:30Z",
        ),
    ],
)
def test_a_part_without_terms_is_refused(
    contracts: list[Contract], plan: str | None, message: str
) -> None:
    """What has no price is never priced at nothing."""
    with pytest.raises(UnknownTermsError) as raised:
        segment_period("A", START, END, contracts, CARDS, plan)
    assert str(raised.value) == message
