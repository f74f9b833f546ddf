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


class RangeCharger:
    """Charges ranges from the databases of a run; close it when done."""

    def __init__(self, rules: PricingRules, usage_path: str, charges_path: str) -> None:
        """Open the databases.

        Args:
            rules: Of the run.
            usage_path: Of a `PricedUsage` that is closed.
            charges_path: Of a `ChargeStore` that has given its charges up.
        """
        self._rules = rules
        self._reader = RangeReader(usage_path, charges_path)

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
        for account in account_inputs(agreements, self._rules.cards, self._reader, within):
            charges += charge_account(self._rules, account)
            accounts += 1
        sums = ChargeSums()
        sums.add(charges)
        return ChargedRange(charges_table(charges), sums, accounts)
