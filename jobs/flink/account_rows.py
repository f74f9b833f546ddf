"""Records of the accounts topic at the border to the rules: read, taken or refused."""

from pyflink.common import Row
from pyflink.datastream import OutputTag

from jobs.flink.rows import REJECTED_ACCOUNT, TAKEN_ACCOUNT, instant_text
from schemas.account import Account, AccountError, AccountRejectReason, decode_account
from udfs.aligning import misalignment
from udfs.budgeting import find_bad_budget
from udfs.metering import MeteringRules

TAKEN_ACCOUNTS = OutputTag("accounts", TAKEN_ACCOUNT)
REJECTED_ACCOUNTS = OutputTag("rejected_accounts", REJECTED_ACCOUNT)

_MS_US = 1000


class RefusedAccountError(Exception):
    """A record of the accounts topic that is refused, and why."""

    def __init__(self, reason: AccountRejectReason, detail: str) -> None:
        """Say why."""
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def read_account(rules: MeteringRules, account_id: str, terms: str | None) -> Account:
    """Return the account of a record.

    Raises:
        RefusedAccountError: The record is refused.
    """
    if terms is None:
        detail = "expected terms, found a tombstone"
        raise RefusedAccountError(AccountRejectReason.TOMBSTONE, detail)
    try:
        account = decode_account(terms.encode())
    except AccountError as error:
        raise RefusedAccountError(AccountRejectReason.BAD_TERMS, str(error)) from None
    if account.account_id != account_id:
        detail = f"expected the record's key {account_id}, found {account.account_id}"
        raise RefusedAccountError(AccountRejectReason.KEY_MISMATCH, detail)
    problem = misalignment(account.terms, rules.event_window_us)
    if problem is not None:
        raise RefusedAccountError(AccountRejectReason.OFF_WINDOW, problem)
    problem = find_bad_budget(account.budgets, rules.meters)
    if problem is not None:
        raise RefusedAccountError(AccountRejectReason.BAD_BUDGET, problem)
    return account


def tell_taken(value: Row) -> tuple[OutputTag, Row]:
    """Return the row of `accounts` of a record that was taken."""
    account_id, terms, partition, offset, log_ms = value
    log_time = instant_text(log_ms * _MS_US)
    return TAKEN_ACCOUNTS, Row(account_id, partition, offset, log_time, terms)


def reject(value: Row, reason: AccountRejectReason, detail: str) -> tuple[OutputTag, Row]:
    """Return the row of `rejected_accounts` of a record."""
    account_id, terms, partition, offset, log_ms = value
    log_time = instant_text(log_ms * _MS_US)
    row = Row(account_id, reason.value, detail, partition, offset, log_time, terms)
    return REJECTED_ACCOUNTS, row
