"""What people read of a dry run, and what a program does."""

import re

import pytest

from schemas.instant import to_us
from tests.documents.reading import blocks
from tests.jobs.pricing.dry_runs import Output, dry_run, dry_text
from tests.jobs.pricing_rows import closed, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, MONTHS, World

TRIED = CARDS.replace("unit_price: 2}", "unit_price: '2.50'}").replace("amount: 10", "amount: 9")


def _plain(text: str, world: World) -> str:
    """Return a text without what is another one each time."""
    text = re.sub(r"run [0-9a-f]{32}", "run 1", text.replace(f"{world.folder}/", ""))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +$", "", text, flags=re.MULTILINE))


def test_the_output_in_the_documents(january: World, capsys: Output) -> None:
    """It is what the program prints of this world."""
    january.price(at_us=to_us(day(2, 2)))
    (shown,) = [
        each.text for each in blocks("docs/pricing.md", "text") if each.text.startswith("Dry run")
    ]
    printed = dry_text(january, capsys, "--limit", "4", cards=TRIED)
    assert _plain(printed, january) == _plain(shown, january)


def test_nothing_differs(priced: World, capsys: Output) -> None:
    """The last two lines say so."""
    lines = dry_text(priced, capsys).splitlines()
    assert lines[-2:] == ["rate cards: the same", "No line differs."]


@pytest.mark.parametrize(("limit", "left_out"), [(0, 6), (1, 5), (6, None)])
def test_lines_that_are_left_out_are_counted(
    priced: World, capsys: Output, limit: int, left_out: int | None
) -> None:
    """Those of the greatest change come first."""
    text = dry_text(priced, capsys, "--limit", str(limit), cards=TRIED)
    assert text.count("standard 1 ") == limit
    found = re.findall(r"(\d+) more lines are left out", text)
    assert found == ([] if left_out is None else [str(left_out)])


def test_currencies_are_told_apart(priced: World, capsys: Output) -> None:
    """An account that pays in yen has a table, bars and sums of its own."""
    yen = CARDS.removeprefix("rate_cards:\n").replace("USD", "JPY")
    signed = (
        "  - {account_id: J, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: JPY}\n"
    )
    contracts = CONTRACTS.replace("credit_grants:", f"{signed}credit_grants:")
    priced.load(CARDS + yen, contracts)
    priced.take_account("J", MONTHS, offset=7)
    priced.meter(day(2, 3), closed_usage=[closed("J", 1, 3)])
    priced.price(at_us=2)
    tried = TRIED + yen.replace("amount: 10", "amount: 30")
    found = dry_run(priced, capsys, cards=tried)
    sums = [(each["currency"], each["difference_minor"]) for each in found["currencies"]]
    assert sums == [("JPY", 20), ("USD", 195)]
    text = dry_text(priced, capsys, cards=tried)
    assert "J, JPY: 78 before, 98 after, +20 +25.64 %" in text
    assert "more by 20 to 50 %" in text
    assert text.index("J, JPY") < text.index("A, USD") < text.index("B, USD")
