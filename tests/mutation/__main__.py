"""`python -m tests.mutation`: changes the money code bit by bit; a test has to notice each change.

Survivors are compared with tests/mutation/survivors.yaml, where each is judged.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.mutation.judging import JUDGED, MODULES, TESTS, compare, load_judged
from tests.mutation.mutating import Mutant, mutants_of
from tests.mutation.running import Mutating


def main() -> int:
    """Try all mutants; 1 where a survivor is not in the list, or the list has another one."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="files; none: all of the money code")
    modules = parser.parse_args().modules or list(MODULES)
    mutants = [each for module in modules for each in mutants_of(module)]
    survivors = _try(mutants)
    tried, left = Counter(each.module for each in mutants), Counter(each[0] for each in survivors)
    for module in modules:
        print(f"{module}: {tried[module]} mutants, {left[module]} survive")
    print(f"all: {len(mutants)} mutants, {len(survivors)} survive")
    differences = compare(survivors, load_judged(JUDGED), modules)
    for line in differences:
        print(line)
    return 1 if differences else 0


def _try(mutants: Sequence[Mutant]) -> list[tuple[str, str, str]]:
    survivors: list[tuple[str, str, str]] = []
    seen = 0

    def report(mutant: Mutant, survives: bool) -> None:
        nonlocal seen
        seen += 1
        if survives:
            survivors.append(mutant.name)
            print(f"survives: {' | '.join(mutant.name)}", flush=True)
        if seen % 50 == 0:
            print(f"{seen} of {len(mutants)} mutants, {len(survivors)} survive", flush=True)

    os.environ["HYPOTHESIS_PROFILE"] = "mutation"
    flags = ["-p", "no:terminal", "-p", "no:cacheprovider", "-o", "timeout=0", "-s"]
    code = pytest.main([*flags, *TESTS], plugins=[Mutating(mutants, report)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"tests could not be run: {code!r}")
    return survivors


if __name__ == "__main__":
    sys.exit(main())
