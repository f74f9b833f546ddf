"""Instants as they are typed on a command line."""

from datetime import datetime

from jobs.settings.shapes import SettingsError
from schemas.instant import to_us


def read_instant(text: str | None, option: str) -> int:
    """Return an instant, in microseconds.

    Args:
        text: RFC 3339, with its zone; None: it was not given, though it is needed.
        option: Where it was given, for the error.

    Raises:
        SettingsError: It is no such text.
    """
    try:
        return to_us(datetime.fromisoformat(text or ""))
    except ValueError:
        expected = "an instant with its zone, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad value", option, expected, repr(text)) from None
