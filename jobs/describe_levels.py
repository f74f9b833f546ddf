"""Prints the table of service levels for docs/service-levels.md, from the closed list.

python -m jobs.describe_levels
"""

import argparse
import sys
from collections.abc import Sequence
from decimal import Decimal

from schemas.service_level import LevelDefinition, LevelUnit
from schemas.service_levels import LEVELS
from udfs.aggregating import plain_text


def describe_levels(levels: Sequence[LevelDefinition] = LEVELS) -> str:
    """Return the closed list as a Markdown table; it ends with a line feed."""
    rows = "".join(
        f"| `{each.name}` | {each.unit} | {_target(each)} | {_parts(each)} | {each.doc} |\n"
        for each in levels
    )
    return f"| level | unit | target | parts | how it is measured |\n|---|---|---|---|---|\n{rows}"


def _target(level: LevelDefinition) -> str:
    if level.comparison is None or level.target is None:
        return ""
    if level.unit is LevelUnit.RATIO:
        return f"{level.comparison} {plain_text(Decimal(level.target) * 100)} %"
    return f"{level.comparison} {level.target}"


def _parts(level: LevelDefinition) -> str:
    return f"by {level.split_by}" if level.split_by else ""


def main(arguments: Sequence[str]) -> int:
    """Print the table; return the exit code."""
    argparse.ArgumentParser(
        prog="describe_levels", description=(__doc__ or "").split("\n")[0]
    ).parse_args(arguments)
    print(describe_levels(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
