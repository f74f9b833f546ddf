"""Measures service levels: from whole numbers read from the tables to values and verdicts.

Each rule yields what it measures; a new level is one definition, one rule and one line. Nothing to
measure gives no value and a reason, never 100 %.
"""

from udfs.measuring_service.measured import nearest_rank
from udfs.measuring_service.measuring import LEVEL_RULES, judge, measure_service, run_id_of

__all__ = ["LEVEL_RULES", "judge", "measure_service", "nearest_rank", "run_id_of"]
