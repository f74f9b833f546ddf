"""The declaration of FOCUS 1.2: its columns as the specification has them."""

import pytest

from schemas.focus import CUSTOM_COLUMNS, EXPORTED_COLUMNS, FOCUS_COLUMNS, FocusLevel, FocusType
from schemas.focus_service import SERVICE_SUBCATEGORIES

# Feature level of each column as its page says, FOCUS v1.2,
# https://focus.finops.org/focus-specification/v1-2/.
MANDATORY = """
    BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd
    BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd
    ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity
    PricingUnit ProviderName PublisherName ServiceCategory ServiceName
"""
RECOMMENDED = "AvailabilityZone ChargeFrequency InvoiceId ServiceSubcategory"


def test_there_are_57_columns_by_name() -> None:
    """57 columns in the order of the alphabet, each once; ours come after them."""
    names = [column.name for column in FOCUS_COLUMNS]
    assert len(names) == 57
    assert names == sorted(set(names), key=str.lower)
    assert EXPORTED_COLUMNS[57:] == CUSTOM_COLUMNS
    assert all(column.name.startswith("x_") for column in CUSTOM_COLUMNS)


@pytest.mark.parametrize(
    ("level", "names"),
    [(FocusLevel.MANDATORY, MANDATORY), (FocusLevel.RECOMMENDED, RECOMMENDED)],
)
def test_levels(level: FocusLevel, names: str) -> None:
    """21 are mandatory, 4 recommended; the rest is for those who have what they describe."""
    assert [column.name for column in FOCUS_COLUMNS if column.level is level] == names.split()


def test_five_mandatory_columns_may_be_null() -> None:
    """Their pages say when; all other mandatory ones never are."""
    mandatory = [each for each in FOCUS_COLUMNS if each.level is FocusLevel.MANDATORY]
    assert [each.name for each in mandatory if each.is_nullable] == [
        "BillingAccountName",
        "ChargeClass",
        "ChargeDescription",
        "PricingQuantity",
        "PricingUnit",
    ]


def test_decimals_have_a_scale() -> None:
    """Costs have the 12 decimals of a charge's amount, quantities the 9 of what is metered."""
    scales = {each.name: each.scale for each in EXPORTED_COLUMNS if each.scale}
    decimals = [each.name for each in EXPORTED_COLUMNS if each.type is FocusType.DECIMAL]
    assert list(scales) == decimals
    assert scales["ContractedCost"] == scales["ListUnitPrice"] == 12
    assert scales["ConsumedQuantity"] == scales["PricingQuantity"] == 9


def test_each_rule_has_a_page() -> None:
    """Pages of the specification are named by the column, but for three."""
    pages = {each.name: each.page.rpartition("/v1.2/specification/")[2] for each in FOCUS_COLUMNS}
    assert pages["ChargeClass"] == "columns/chargeclass.md"
    assert pages["ProviderName"] == "columns/provider.md"
    assert CUSTOM_COLUMNS[0].page.endswith("/attributes/column_naming_and_ordering.md")


def test_services() -> None:
    """19 categories; the subcategories of each are its own, the last one for all others."""
    assert len(SERVICE_SUBCATEGORIES) == 19
    names = [name for of in SERVICE_SUBCATEGORIES.values() for name in of]
    assert len(names) == len(set(names)) == 82
    assert SERVICE_SUBCATEGORIES["Mobile"] == ("Other (Mobile)",)
    assert SERVICE_SUBCATEGORIES["Web"] == ("Application Platforms", "Other (Web)")
