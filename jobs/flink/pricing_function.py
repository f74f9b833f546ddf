"""The two Python stages of the pricing job, each called once for an account with all its rows.

Nothing is decided here: `udfs.charging_rows` is the rule.
"""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import OutputTag, ProcessFunction

from jobs.flink.pricing_rows import OUTCOME, read_account, write_charge, write_refusal
from jobs.flink.rows import instant_text
from schemas.account_rows import AccountRows, RefusedAccount
from udfs.charging_accounts import PricingRules
from udfs.charging_rows import charge_rows, detailed_spans

OUTCOMES = OutputTag("outcomes", OUTCOME)


class FindDetailed(ProcessFunction):
    """Names the periods of an account whose windows are priced."""

    def __init__(self, rules: PricingRules) -> None:
        """Keep the rules."""
        self._rules = rules

    def process_element(self, value: Row, ctx: Any) -> Iterator[Row]:
        """Yield the periods of one account."""
        for since_us, until_us in detailed_spans(self._rules, _read(value)):
            yield Row(value[0], instant_text(since_us), instant_text(until_us))


class ChargeAccounts(ProcessFunction):
    """Charges an account; whether it was looked at, or why it is refused, is a side output."""

    def __init__(self, rules: PricingRules) -> None:
        """Keep the rules."""
        self._rules = rules

    def process_element(self, value: Row, ctx: Any) -> Iterator[Any]:
        """Yield the charges of one account, and its outcome."""
        outcome = charge_rows(self._rules, _read(value))
        if outcome is None:
            return
        if isinstance(outcome, RefusedAccount):
            yield OUTCOMES, Row(0, write_refusal(outcome))
            return
        yield OUTCOMES, Row(len(outcome), None)
        for charge in outcome:
            yield write_charge(charge)


def _read(value: Row) -> AccountRows:
    return read_account(value[0], value[1].split("\n"))
