"""Rating: what the usage of one price comes to, exactly, and step by step.

`PRICE_MODELS` names the rule of each price model. A new model is one shape in
`schemas.price_model`, one function here, one line there and its table of cases.
"""

from udfs.rating.rated import MissingPriceError, sum_parts
from udfs.rating.rating import PRICE_MODELS, SegmentUsage, merge_groups, rate

__all__ = [
    "PRICE_MODELS",
    "MissingPriceError",
    "SegmentUsage",
    "merge_groups",
    "rate",
    "sum_parts",
]
