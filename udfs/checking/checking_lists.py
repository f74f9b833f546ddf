"""Whether versions follow on one another, and which of them are new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from schemas.contract import Contract, FxRate
from schemas.instant import to_text
from schemas.plain_form import to_plain
from schemas.plain_form_reader import steps_text
from schemas.price_lists import PRICE_LISTS, PriceLists, PriceShape, identity_of
from schemas.price_problem import PriceConflict, PriceProblem
from schemas.rate_card import RateCard
from udfs.checking.limits import Problems, Steps


def check_succession(shape: PriceShape, earlier: Iterable[PriceShape]) -> Problems:
    """Check that a version rises above all earlier ones of its card or contract.

    What has no versions is always well.

    Args:
        shape: The version, or what has none.
        earlier: Anything, in any order; versions of others are passed over.
    """
    if not isinstance(shape, RateCard | Contract):
        return
    series = identity_of(shape)[:-1]
    versions = [
        each for each in earlier if type(each) is type(shape) and identity_of(each)[:-1] == series
    ]
    for each in versions:
        assert isinstance(each, RateCard | Contract)
        if each.currency != shape.currency:
            expected = f"{each.currency}, as in version {each.version}: it never changes"
            yield PriceProblem(("currency",), expected, shape.currency)
        if shape.version <= each.version:
            yield PriceProblem(("version",), f"more than {each.version}", str(shape.version))
        if shape.effective_from_us <= each.effective_from_us:
            expected = f"later than {to_text(each.effective_from_us)} of version {each.version}"
            found = to_text(shape.effective_from_us)
            yield PriceProblem(("effective_from",), expected, found)


def find_new(known: PriceLists, given: PriceLists) -> PriceLists | PriceConflict:
    """Return what of `given` is not known yet, in its order.

    Args:
        known: What was loaded before.
        given: Checked by itself; each identity once.

    Returns:
        The first that is known with other content, or that does not rise above what is known;
        otherwise what is new.
    """
    added: dict[str, tuple[Any, ...]] = {}
    for name in PRICE_LISTS:
        loaded = {identity_of(each): each for each in getattr(known, name)}
        new = []
        for each in getattr(given, name):
            before = loaded.get(identity_of(each))
            if before is not None and before != each:
                return _other_content(before, each)
            if before is None:
                for problem in check_succession(each, loaded.values()):
                    what = f"{name_of(each)}, {steps_text(problem.steps)}"
                    return PriceConflict(what, problem.expected, problem.found)
                new.append(each)
        added[name] = tuple(new)
    return PriceLists(**added)


def name_of(shape: PriceShape) -> str:
    """Return what it is in plain words, such as `rate card standard USD 2`."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(shape).__name__).lower()
    return " ".join((kind, *map(str, identity_of(shape))))


def _other_content(before: PriceShape, found: PriceShape) -> PriceConflict:
    difference = _first_difference(to_plain(before), to_plain(found), ())
    assert difference is not None, "different shapes have different plain values"
    steps, was, is_now = difference
    remedy = "; what is loaded never changes"
    if isinstance(found, RateCard | Contract):
        remedy += ": give it a new version"
    elif not isinstance(found, FxRate):
        remedy += ": give it another id"
    return PriceConflict(
        f"{name_of(found)}, {steps_text(steps)}",
        f"{_text(was)} as it was loaded before",
        f"{_text(is_now)}{remedy}",
    )


def _first_difference(a: Any, b: Any, steps: Steps) -> tuple[Steps, Any, Any] | None:
    """Return where two plain values first differ, and both values there."""
    if a == b:
        return None
    if isinstance(a, dict) and isinstance(b, dict):
        for name in dict.fromkeys((*a, *b)):
            found = _first_difference(a.get(name), b.get(name), (*steps, name))
            if found is not None:
                return found
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for place, (each, other) in enumerate(zip(a, b, strict=True)):
            found = _first_difference(each, other, (*steps, place))
            if found is not None:
                return found
    return steps, a, b


def _text(plain: Any) -> str:
    text = "nothing" if plain is None else json.dumps(plain, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
