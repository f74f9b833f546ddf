"""The JSON of one member of an account's `terms`."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from reprlib import Repr
from typing import Any
from zoneinfo import ZoneInfo

from schemas.cadence import NAMED_CADENCES, Cadence, decode_cadence, encode_cadence
from schemas.instant import SECOND_US, to_text, to_us
from schemas.terms import Listed, Recurring, TakesEffect, Terms

_MAX_VERSION = 2**31 - 1  # the column terms_version is an int
_FIRST_US = to_us(datetime.min.replace(tzinfo=UTC))
_LAST_US = to_us(datetime.max.replace(tzinfo=UTC))
_SHOWN = 60
_SHORT = Repr()
_SHORT.maxlevel = 3
_SHORT.maxlist = _SHORT.maxdict = 10
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 4 * _SHOWN
_WALL_CLOCK = "a wall-clock time YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS]"
_INSTANT = "a whole second in RFC 3339 with its offset"


class AccountError(ValueError):
    """An account record that cannot be used; the message is one line `where: expected, found`."""


def encode_terms(terms: Terms) -> dict[str, Any]:
    """Return the canonical JSON object of some terms; defaults are left out."""
    shape: dict[str, Any] = {
        "version": terms.version,
        "effective_from": to_text(terms.effective_from_us),
    }
    if terms.effective_until_us is not None:
        shape["effective_until"] = to_text(terms.effective_until_us)
    if terms.takes_effect is not TakesEffect.NEXT_BOUNDARY:
        shape["takes_effect"] = terms.takes_effect.value
    shape["timezone"] = terms.timezone
    if isinstance(terms.calendar, Recurring):
        shape["cadence"] = encode_cadence(terms.calendar.cadence)
        shape["anchor"] = _wall_clock_text(terms.calendar.anchor)
    else:
        shape["boundaries"] = [_wall_clock_text(each) for each in terms.calendar.boundaries]
    shape["plan"] = terms.plan
    return shape


def decode_terms(member: Any, where: str) -> Terms:
    """Read the JSON object of some terms.

    Args:
        member: The value; members of it that are not known are ignored.
        where: Its place in the record, for the message.

    Raises:
        AccountError: It is no such object.
    """
    if not isinstance(member, dict):
        raise AccountError(f"{where}: expected an object, found {show(member)}")
    version = member.get("version")
    if type(version) is not int or not 1 <= version <= _MAX_VERSION:
        raise AccountError(
            f"{where}.version: expected an integer from 1 to {_MAX_VERSION}, found {show(version)}"
        )
    effective_from_us = _instant(member, "effective_from", where)
    until_us = _instant(member, "effective_until", where) if "effective_until" in member else None
    if until_us is not None and until_us <= effective_from_us:
        raise AccountError(
            f"{where}.effective_until: expected later than {to_text(effective_from_us)}, "
            f"found {to_text(until_us)}"
        )
    return Terms(
        version=version,
        effective_from_us=effective_from_us,
        timezone=_timezone(member, "timezone", f"{where}.timezone"),
        calendar=_calendar(member, where),
        plan=read_text(member, "plan", f"{where}.plan"),
        takes_effect=_takes_effect(member, f"{where}.takes_effect"),
        effective_until_us=until_us,
    )


def read_text(member: dict[str, Any], name: str, where: str) -> str:
    """Return a member that must be text.

    Raises:
        AccountError: It is missing, empty or no text.
    """
    value = member.get(name)
    # A lone surrogate is legal in JSON, but no text that could be stored.
    if not isinstance(value, str) or not value or any("\ud800" <= c <= "\udfff" for c in value):
        raise AccountError(f"{where}: expected text that is not empty, found {show(value)}")
    return value


def show(value: object) -> str:
    """Show a value on one line, cut short: records come from outside.

    However large or deep it is, only so much of it is looked at.
    """
    shown = _SHORT.repr(value).encode("ascii", "backslashreplace").decode()
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."


def _instant(member: dict[str, Any], name: str, where: str) -> int:
    text = read_text(member, name, f"{where}.{name}")
    try:
        instant_us = to_us(datetime.fromisoformat(text))
    except ValueError:
        instant_us = 1
    # With an offset it may be of a year that UTC lacks, and could not be written again.
    if instant_us % SECOND_US or not _FIRST_US <= instant_us <= _LAST_US:
        raise AccountError(f"{where}.{name}: expected {_INSTANT}, found {show(text)}")
    return instant_us


def _timezone(member: dict[str, Any], name: str, where: str) -> str:
    text = read_text(member, name, where)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise AccountError(f"{where}: expected an IANA time zone, found {show(text)}") from None
    return text


def _calendar(member: dict[str, Any], where: str) -> Recurring | Listed:
    if "boundaries" not in member:
        cadence = _cadence(member, f"{where}.cadence")
        return Recurring(cadence, _wall_clock(member.get("anchor"), f"{where}.anchor"))
    if "cadence" in member or "anchor" in member:
        raise AccountError(f"{where}: expected cadence and anchor or boundaries, found both")
    values = member["boundaries"]
    at = f"{where}.boundaries"
    if not isinstance(values, list) or len(values) < 2:
        raise AccountError(f"{at}: expected a list of two or more, found {show(values)}")
    boundaries = tuple(_wall_clock(value, f"{at}[{n}]") for n, value in enumerate(values))
    for n, (earlier, later) in enumerate(pairwise(boundaries), start=1):
        if later <= earlier:
            expected = f"later than {_wall_clock_text(earlier)}"
            raise AccountError(f"{at}[{n}]: expected {expected}, found {_wall_clock_text(later)}")
    return Listed(boundaries)


def _cadence(member: dict[str, Any], where: str) -> Cadence:
    text = read_text(member, "cadence", where)
    cadence = decode_cadence(text)
    if cadence is None:
        known = ", ".join(NAMED_CADENCES)
        raise AccountError(
            f"{where}: expected one of {known}, or an ISO 8601 duration of at most a century, "
            f"found {show(text)}"
        )
    return cadence


def _takes_effect(member: dict[str, Any], where: str) -> TakesEffect:
    value = member.get("takes_effect", TakesEffect.NEXT_BOUNDARY.value)
    try:
        return TakesEffect(value)
    except ValueError:
        known = ", ".join(TakesEffect)
        raise AccountError(f"{where}: expected one of {known}, found {show(value)}") from None


def _wall_clock(value: object, where: str) -> datetime:
    """Read a time without zone; only in the forms that `_wall_clock_text` writes."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or value not in _forms(moment):
        raise AccountError(f"{where}: expected {_WALL_CLOCK}, found {show(value)}")
    return moment


def _wall_clock_text(moment: datetime) -> str:
    return _forms(moment)[0]


def _forms(moment: datetime) -> tuple[str, ...]:
    """Return the texts of a wall-clock time, the shortest first."""
    if moment.microsecond:
        return ()
    forms: tuple[str, ...] = (moment.isoformat(),)
    if moment.second == 0:
        forms = (moment.isoformat(timespec="minutes"), *forms)
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        forms = (moment.date().isoformat(), *forms)
    return forms
