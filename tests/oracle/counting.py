"""What the oracle counts by, where its tests look for it; the audit has the code."""

from audit.counting import Clocks, Unit, count_of, quantity

__all__ = ["Clocks", "Unit", "count_of", "quantity"]
