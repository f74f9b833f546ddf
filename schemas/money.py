"""Money: currencies with their minor units, and how an exact amount becomes one that is paid.

An amount is exact (`Fraction`, in the currency's major unit, such as dollars) until it is rounded
once, to a whole number of minor units (such as cents). Both are signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Rounding(StrEnum):
    """What becomes of a part of a minor unit."""

    HALF_UP = "half_up"
    """To the nearest; a half away from zero, so that a credit mirrors its charge."""
    HALF_EVEN = "half_even"
    """To the nearest; a half to the even one."""
    DOWN = "down"
    """Toward zero."""


class UnknownCurrencyError(Exception):
    """Text that is no currency of ISO 4217 that is paid in."""


_TWO_DIGITS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

MINOR_DIGITS: Mapping[str, int] = MappingProxyType(
    dict(
        sorted(
            (code, digits)
            for digits, codes in {
                0: _NO_DIGITS,
                2: _TWO_DIGITS,
                3: _THREE_DIGITS,
                4: _FOUR_DIGITS,
            }.items()
            for code in codes.split()
        )
    )
)
"""Decimals of each currency's minor unit (ISO 4217:2015, list one).

Metals, tests, and funds of two decimals are left out: nobody is billed in them.
"""


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has: JPY 0, USD 2, BHD 3.

    Raises:
        UnknownCurrencyError: It is not in the list.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise UnknownCurrencyError(f"currency: expected a code of ISO 4217, found {currency!r}")
    return digits
