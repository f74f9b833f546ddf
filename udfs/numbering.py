"""Units: which texts are numbers that can be added up exactly."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

INTEGER_DIGITS = 20
"""A sum of a thousand million of the largest units still fits DECIMAL(38, 9)."""
FRACTION_DIGITS = 9
# The grammar of JSON numbers; `\Z`, as `$` would allow a newline.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")


def units_text(text: str) -> str | None:
    """Return a number as a plain decimal; None if it is none, or too long to add up exactly.

    Args:
        text: As the producer wrote it, a JSON number or a string.

    Returns:
        At most 20 digits before the point and 9 after it, by value: `1.50` and `15e-1` are both
        `1.5`, and one with a tenth decimal that is not zero is refused, not rounded.
    """
    if len(text) <= INTEGER_DIGITS and text.isdecimal() and text.isascii():
        return text if text[0] != "0" or text == "0" else None
    if not _NUMBER.match(text):
        return None
    try:
        sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation:  # an exponent of nineteen digits
        return None
    written = "".join(map(str, digits))
    significant = written.strip("0")
    if not significant:
        return "0"
    # The power of ten of the last significant digit; of a number, the exponent is an integer.
    power = int(exponent) + len(written) - len(written.rstrip("0"))
    if power < -FRACTION_DIGITS or len(significant) + power > INTEGER_DIGITS:
        return None
    return f"{Decimal((sign, tuple(map(int, significant)), power)):f}"
