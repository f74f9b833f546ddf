"""Levels of charges and invoices."""

from __future__ import annotations

from schemas.service_level import Comparison, LevelArea, LevelDefinition, LevelUnit

_AREA = LevelArea.MONEY
_RATIO = LevelUnit.RATIO

ADJUSTED_ROWS = LevelDefinition(
    "adjustment_rate",
    "Adjusted charges, number",
    _AREA,
    _RATIO,
    "Charges that correct a period which had ended, of all charges that fell due in the window."
    " From charges.",
    Comparison.BELOW,
    "0.01",
)
ADJUSTED_AMOUNT = LevelDefinition(
    "adjustment_amount_rate",
    "Adjusted charges, amount",
    _AREA,
    _RATIO,
    "Amounts of those corrections, of the amounts of all other lines that fell due in the window;"
    " signs left out, by currency. From charges.",
    Comparison.BELOW,
    "0.01",
    split_by="currency",
)
PRICING_AGE = LevelDefinition(
    "pricing_age",
    "Since usage was priced",
    _AREA,
    LevelUnit.SECONDS,
    "From the start of the newest run of pricing that finished to the moment of measuring. From"
    " runs.",
    Comparison.BELOW,
    "86400",
)
INVOICE_SUCCESS = LevelDefinition(
    "invoice_success",
    "Invoices issued of those due",
    _AREA,
    _RATIO,
    "Invoices issued, of those drafted in the window and those that should have been: accounts with"
    " charges due in the window that are on no invoice. What is younger than three days, or"
    " frozen, is not due; void invoices are left out. From invoices, charges and freezes.",
    Comparison.AT_LEAST,
    "0.9995",
)
CREDIT_NOTE_RATE = LevelDefinition(
    "credit_note_rate",
    "Credit notes",
    _AREA,
    _RATIO,
    "Credit notes issued in the window, of invoices issued in it. Late usage and retractions make"
    " them too, so this is the nearest to disputes that the product knows, not their rate. From"
    " invoices.",
)
DISPUTE_RATE = LevelDefinition(
    "dispute_rate",
    "Disputes",
    _AREA,
    _RATIO,
    "Not measured: the product does not hear of disputes. See credit_note_rate.",
    Comparison.BELOW,
    "0.005",
)
PAYMENT_SUCCESS = LevelDefinition(
    "first_payment_success",
    "Payments that succeed at first",
    _AREA,
    _RATIO,
    "Not measured: payments are made and heard of elsewhere.",
    Comparison.AT_LEAST,
    "0.98",
)
