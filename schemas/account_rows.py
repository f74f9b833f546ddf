"""All rows of tables that decide what one account is charged, as an engine has gathered them."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.brought_back_usage import BroughtBackUsage
from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.terms import Terms
from schemas.usage_row import ClosedUsage, UsageCorrection
from schemas.usage_window import UsageWindow


@dataclass(frozen=True, slots=True)
class AccountRows:
    """What the tables say of one account, in any order, some of it twice.

    Attributes:
        account_id: Who.
        terms: Those of its last record, ordered by version.
        contracts: Versions of its contract.
        grants: Its credit.
        one_off_fees: Its fees that are due once.
        closed: Rows of `closed_usage`, also those that do not count yet.
        corrections: Rows of `usage_corrections`, the same.
        brought_back: Rows of `brought_back_usage`.
        windows: Rows of `metering_windows`, at least those of periods that are priced by them.
        before: Its charges until now.
    """

    account_id: str
    terms: tuple[Terms, ...] = ()
    contracts: tuple[Contract, ...] = ()
    grants: tuple[CreditGrant, ...] = ()
    one_off_fees: tuple[OneOffFee, ...] = ()
    closed: tuple[ClosedUsage, ...] = ()
    corrections: tuple[UsageCorrection, ...] = ()
    brought_back: tuple[BroughtBackUsage, ...] = ()
    windows: tuple[UsageWindow, ...] = ()
    before: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedAccount:
    """Why an account cannot be charged; nobody is, then.

    Attributes:
        step: Which step of pricing found it; a run that takes all accounts step by step would have
            stopped at the first one.
        account_id: Whose.
        error: Name of the error.
        line: What it says.
    """

    step: int
    account_id: str
    error: str
    line: str
