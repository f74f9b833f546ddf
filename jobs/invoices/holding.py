"""Which charges and invoices wait, as a freeze of billing stands."""

from collections.abc import Collection

from iceberg.freezes import FreezeStore
from iceberg.price_lists import read_price_lists
from iceberg.pricing_inputs import PricingInputs, read_terms
from jobs.invoices.changing import Tables, read_rows
from jobs.pricing.account_inputs import Agreements, agreements_of
from jobs.pricing.pricing_rules import cards_of
from schemas.invoice import Invoice, InvoiceState
from udfs.charging_accounts import PricingRules, waiting
from udfs.freezing import standing
from udfs.invoicing import invoices_of

Span = tuple[int, int]
_OPEN = (InvoiceState.DRAFT, InvoiceState.APPROVED)


class Holding:
    """What waits by the freezes that stand now; nothing else is read where none does."""

    def __init__(self, tables: Tables) -> None:
        """Read the freezes, and what was agreed with accounts.

        Args:
            tables: Where they are.

        Raises:
            BrokenRowsError: Rows contradict each other.
        """
        catalog, namespace = tables.catalog, tables.namespace
        decisions = FreezeStore(catalog, namespace).decisions()
        self._scopes = tuple(each.scope for each in standing(decisions))
        self._rules = PricingRules({}, 0, 0, "", freezes=self._scopes)
        self._agreements = Agreements({}, {}, {}, {})
        if self._scopes:
            lists = read_price_lists(catalog, namespace)
            terms = read_terms(catalog, namespace)
            self._rules = PricingRules(cards_of(lists), 0, 0, "", freezes=self._scopes)
            self._agreements = agreements_of(PricingInputs(0, {}, terms, lists, decisions))

    def spans(self, account_id: str, spans: Collection[Span]) -> set[Span]:
        """Return those billing periods of an account that wait."""
        if not self._scopes:
            return set()
        return waiting(self._rules, self._agreements.pricing(account_id), spans)

    def has_none(self, invoice: Invoice) -> bool:
        """Return whether nothing in an invoice waits."""
        spans = {(line.period_start_us, line.period_end_us) for line in invoice.lines}
        if invoice.lines:
            return not self.spans(invoice.terms.account_id, spans)
        # Credit alone names no period.
        account_id = invoice.terms.account_id
        return not any(
            not each.account_ids or account_id in each.account_ids for each in self._scopes
        )


def held_invoices(tables: Tables) -> tuple[Invoice, ...]:
    """Return the drafts and approved invoices that wait."""
    holding = Holding(tables)
    rows = [each for each in read_rows(tables) if each.state in _OPEN]
    return tuple(each for each in invoices_of(rows) if not holding.has_none(each))
