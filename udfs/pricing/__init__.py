"""Pricing: what an account owes for a billing period, in a visible list of steps.

Each step takes the period and the lines of the steps before it, and returns the lines with its own.
A line is exact until it is rounded once. Usage and fees are priced exactly; steps that take from
them, or fill up to an amount, reckon in the minor units that the customer sees.
"""

from udfs.pricing.pricing import PRICING_STEPS, price_period

__all__ = ["PRICING_STEPS", "price_period"]
