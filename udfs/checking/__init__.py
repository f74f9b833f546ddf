"""Checks of prices: whether rate cards, contracts and what stands beside them can be used.

Each check yields what is wrong, in the order in which a reader meets it; nothing: all is well.
"""

from udfs.checking.checking_cards import check_card, check_fx_rate
from udfs.checking.checking_contracts import check_contract, check_grant, check_one_off_fee
from udfs.checking.checking_invoicing import check_invoicing
from udfs.checking.checking_lists import check_succession, find_new

__all__ = [
    "check_card",
    "check_contract",
    "check_fx_rate",
    "check_grant",
    "check_invoicing",
    "check_one_off_fee",
    "check_succession",
    "find_new",
]
