"""An account, its effective-dated terms and its budgets, with the JSON of the accounts topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from schemas.budget import Budget, decode_budgets, encode_budget
from schemas.instant import to_text
from schemas.terms import Terms
from schemas.terms_record import AccountError, decode_terms, encode_terms, read_text, show

__all__ = ["Account", "AccountError", "AccountRejectReason", "decode_account", "encode_account"]


class AccountRejectReason(StrEnum):
    """Why a record of the accounts topic was refused: a closed list."""

    BAD_TERMS = "bad_terms"
    BAD_BUDGET = "bad_budget"  # of a meter that is not configured, or does not add up
    KEY_MISMATCH = "key_mismatch"
    OFF_WINDOW = "off_window"
    TOO_LATE = "too_late"
    TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        account_id: The CloudEvents `subject` of its usage.
        terms: At least one, strictly ordered by version and by `effective_from_us`.
        budgets: At most one of each meter.
    """

    account_id: str
    terms: tuple[Terms, ...]
    budgets: tuple[Budget, ...] = ()


def encode_account(account: Account) -> bytes:
    """Return the account as the canonical JSON record of the accounts topic; no empty budgets."""
    terms = [encode_terms(each) for each in account.terms]
    shape: dict[str, Any] = {"account_id": account.account_id, "terms": terms}
    if account.budgets:
        shape["budgets"] = [encode_budget(each) for each in account.budgets]
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
        raise AccountError(f"account: expected an object, found {show(shape)}")
    account_id = read_text(shape, "account_id", "account_id")
    members: Any = shape.get("terms")
    if not isinstance(members, list) or not members:
        raise AccountError(f"terms: expected a list that is not empty, found {show(members)}")
    terms = tuple(decode_terms(member, f"terms[{n}]") for n, member in enumerate(members))
    for n, (earlier, later) in enumerate(pairwise(terms), start=1):
        if later.effective_from_us <= earlier.effective_from_us:
            found = to_text(later.effective_from_us)
            expected = f"later than {to_text(earlier.effective_from_us)}"
            raise AccountError(f"terms[{n}].effective_from: expected {expected}, found {found}")
        if later.version <= earlier.version:
            raise AccountError(
                f"terms[{n}].version: expected more than {earlier.version}, found {later.version}"
            )
    return Account(account_id, terms, decode_budgets(shape.get("budgets", [])))
