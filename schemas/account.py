"""An account and its effective-dated terms, with the JSON text of the accounts topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from schemas.instant import MINUTE_US, to_text, to_us

_MAX_VERSION = 2**31 - 1  # the column terms_version is an int
_SHOWN = 60


class AccountError(ValueError):
    """An account record that cannot be used; the message is one line `where: expected, found`."""


class AccountRejectReason(StrEnum):
    """Why a record of the accounts topic was refused: a closed list."""

    BAD_TERMS = "bad_terms"
    KEY_MISMATCH = "key_mismatch"
    TOMBSTONE = "tombstone"


class Cadence(StrEnum):
    """How often a billing period ends."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account is metered from one instant on.

    Attributes:
        version: Positive number, growing with each change.
        effective_from_us: First instant at which these terms hold, a whole minute.
        timezone: IANA zone whose wall clock sets the period boundaries.
        cadence: How often a period ends.
        anchor: A local date on which a period starts; all others are counted from it.
        plan: Name of the price plan.
    """

    version: int
    effective_from_us: int
    timezone: str
    cadence: Cadence
    anchor: date
    plan: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        account_id: The CloudEvents `subject` of its usage.
        terms: At least one, strictly ordered by version and by `effective_from_us`.
    """

    account_id: str
    terms: tuple[Terms, ...]


def encode_account(account: Account) -> bytes:
    """Return the account as the canonical JSON record of the accounts topic."""
    terms = [
        {
            "version": each.version,
            "effective_from": to_text(each.effective_from_us),
            "timezone": each.timezone,
            "cadence": each.cadence.value,
            "anchor": each.anchor.isoformat(),
            "plan": each.plan,
        }
        for each in account.terms
    ]
    shape = {"account_id": account.account_id, "terms": terms}
    return json.dumps(shape, separators=(",", ":"), ensure_ascii=False).encode()


def decode_account(record: bytes) -> Account:
    """Read one record of the accounts topic.

    Args:
        record: UTF-8 JSON. Members that are not known are ignored.

    Returns:
        The account, its terms ordered.

    Raises:
        AccountError: The record is not such an account; the message says where.
    """
    try:
        shape = json.loads(record)
    except ValueError as error:
        raise AccountError(f"account: expected JSON in UTF-8, found {error}") from None
    except RecursionError:
        raise AccountError("account: expected an object, found deep nesting") from None
    if not isinstance(shape, dict):
        raise AccountError(f"account: expected an object, found {_show(shape)}")
    account_id = _text(shape, "account_id", "account_id")
    members = shape.get("terms")
    if not isinstance(members, list) or not members:
        raise AccountError(f"terms: expected a list that is not empty, found {_show(members)}")
    terms = tuple(_decode_terms(member, f"terms[{n}]") for n, member in enumerate(members))
    for n, (earlier, later) in enumerate(pairwise(terms), start=1):
        if later.effective_from_us <= earlier.effective_from_us:
            found = to_text(later.effective_from_us)
            expected = f"later than {to_text(earlier.effective_from_us)}"
            raise AccountError(f"terms[{n}].effective_from: expected {expected}, found {found}")
        if later.version <= earlier.version:
            raise AccountError(
                f"terms[{n}].version: expected more than {earlier.version}, found {later.version}"
            )
    return Account(account_id, terms)


def _decode_terms(member: Any, where: str) -> Terms:
    if not isinstance(member, dict):
        raise AccountError(f"{where}: expected an object, found {_show(member)}")
    version = member.get("version")
    if type(version) is not int or not 1 <= version <= _MAX_VERSION:
        raise AccountError(
            f"{where}.version: expected an integer from 1 to {_MAX_VERSION}, found {_show(version)}"
        )
    return Terms(
        version=version,
        effective_from_us=_instant(member, "effective_from", f"{where}.effective_from"),
        timezone=_timezone(member, "timezone", f"{where}.timezone"),
        cadence=_cadence(member, "cadence", f"{where}.cadence"),
        anchor=_date(member, "anchor", f"{where}.anchor"),
        plan=_text(member, "plan", f"{where}.plan"),
    )


def _text(member: dict[str, Any], name: str, where: str) -> str:
    value = member.get(name)
    # A lone surrogate is legal in JSON, but no text that could be stored.
    if not isinstance(value, str) or not value or any("\ud800" <= c <= "\udfff" for c in value):
        raise AccountError(f"{where}: expected text that is not empty, found {_show(value)}")
    return value


def _instant(member: dict[str, Any], name: str, where: str) -> int:
    text = _text(member, name, where)
    expected = "a whole minute in RFC 3339 with its offset"
    try:
        instant_us = to_us(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise AccountError(f"{where}: expected {expected}, found {_show(text)}") from None
    # Usage arrives summed by minute: terms that start within one would split it.
    if instant_us % MINUTE_US:
        raise AccountError(f"{where}: expected {expected}, found {_show(text)}")
    return instant_us


def _timezone(member: dict[str, Any], name: str, where: str) -> str:
    text = _text(member, name, where)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise AccountError(f"{where}: expected an IANA time zone, found {_show(text)}") from None
    return text


def _cadence(member: dict[str, Any], name: str, where: str) -> Cadence:
    text = _text(member, name, where)
    try:
        return Cadence(text)
    except ValueError:
        known = ", ".join(Cadence)
        raise AccountError(f"{where}: expected one of {known}, found {_show(text)}") from None


def _date(member: dict[str, Any], name: str, where: str) -> date:
    text = _text(member, name, where)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise AccountError(f"{where}: expected a date YYYY-MM-DD, found {_show(text)}")
    return day


def _show(value: object) -> str:
    """Show a value on one line, cut short: records come from outside."""
    shown = ascii(value)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
