"""Running totals and the thresholds of budgets, as the log alone has them.

An engine hands over each row of usage that an entry took (`counted_usage`), and each period whose
end new terms moved (`moved_periods`). Where entries were there before anyone took this, it begins
with what they hold (`held_usage`). It owes:

1. Usage is kept until log time has passed its log window. Usage of one log window comes in any
   order, that of later ones may come before.
2. Then `fold` gets what is due of one running total, all of it, and what is remembered of it.
   Windows count one after the other, each as a whole, so no order of arrival shows.
3. A moved period goes to `move` at once.
4. What is remembered is forgotten when log time has passed its `horizon_us`.
"""

from udfs.budgeting.folding import Folded, fold, is_over, move
from udfs.budgeting.telling import (
    counted_usage,
    find_bad_budget,
    held_usage,
    moved_periods,
)

__all__ = [
    "Folded",
    "counted_usage",
    "find_bad_budget",
    "fold",
    "held_usage",
    "is_over",
    "move",
    "moved_periods",
]
