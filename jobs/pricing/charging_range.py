"""Charges the accounts of one range: what each worker of a run does."""

from dataclasses import dataclass

from iceberg.account_ranges import AccountRange, RangeReader
from iceberg.charge_rows import ChargeRows, charges_table
from jobs.pricing.account_inputs import Agreements, account_inputs
from schemas.charge import Charge
from udfs.charging_accounts import PricingRules, charge_account
from udfs.summing_charges import ChargeSums


@dataclass(frozen=True, slots=True)
class ChargedRange:
    """What a run adds for the accounts of a range.

    Attributes:
        rows: Its charges.
        sums: Of the same charges.
        accounts: How many accounts there are.
    """

    rows: ChargeRows
    sums: ChargeSums
    accounts: int


@dataclass(frozen=True, slots=True)
class RangeInputs:
    """What is the same for all ranges of a run.

    Attributes:
        rules: Of the run.
        usage_path: Database of the usage: of a `PricedUsage` that is closed.
        charges_path: Database of what was charged before: of a `ChargeStore` that has given it up.
        is_detailed: Whether a period of any account may have to be read window by window.
    """

    rules: PricingRules
    usage_path: str
    charges_path: str
    is_detailed: bool


class RangeCharger:
    """Charges ranges from the databases of a run; close it when done."""

    def __init__(self, work: RangeInputs) -> None:
        """Open the databases."""
        self._rules, self._is_detailed = work.rules, work.is_detailed
        self._reader = RangeReader(work.usage_path, work.charges_path)

    def close(self) -> None:
        """Give the databases up."""
        self._reader.close()

    def charge(self, within: AccountRange, agreements: Agreements) -> ChargedRange:
        """Return what the run adds for the accounts of a range.

        Args:
            within: The range.
            agreements: With its accounts, and no others.

        Raises:
            UnknownTermsError, MissingDetailError, MissingPriceError: Usage cannot be priced.
        """
        charges: list[Charge] = []
        accounts = 0
        rules, is_detailed = self._rules, self._is_detailed
        for account in account_inputs(agreements, rules, self._reader, within, is_detailed):
            charges += charge_account(self._rules, account)
            accounts += 1
        sums = ChargeSums()
        sums.add(charges)
        return ChargedRange(charges_table(charges), sums, accounts)
