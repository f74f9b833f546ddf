"""What the exports of the ledger share: amounts as text, and names that other programs accept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from schemas.money import minor_digits
from udfs.identifying import digest

_SUFFIX_LENGTH = 8


def amount_text(amount_minor: int, currency: str) -> str:
    """Return minor units in the major unit, with all decimals of the currency: `-0.05`, `1200`.

    Raises:
        UnknownCurrencyError: The currency is not known.
    """
    places = minor_digits(currency)
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{'-' if amount_minor < 0 else ''}{whole}{'.' if part else ''}{part}"


def one_line(text: str) -> str:
    """Return text without line breaks and other characters that no one sees."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def accepted_names(names: Iterable[str], spell: Callable[[str], str]) -> dict[str, str]:
    """Return a name that another program accepts for each ledger account, no two the same.

    Args:
        names: Of ledger accounts: kind, name, and the part where there is one.
        spell: Returns one level of a name with accepted characters alone. Where two names come out
            the same, their last level gets a hash behind it.
    """
    spelled = {
        name: ":".join(spell(level) for level in name.split(":", 2)) for name in sorted(set(names))
    }
    uses = Counter(spelled.values())
    accepted = {
        name: text if uses[text] == 1 else f"{text}-{digest(name)[:_SUFFIX_LENGTH]}"
        for name, text in spelled.items()
    }
    assert len(set(accepted.values())) == len(accepted), "two ledger accounts of one name"
    return accepted
