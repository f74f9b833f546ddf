"""What is mutated, by which tests, and the list of survivors, each with a judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tests.mutation.mutating import ROOT

JUDGED = Path(__file__).with_name("survivors.yaml")

_FOLDERS = ("udfs/rating", "udfs/pricing", "udfs/invoicing")
_FILES = (
    "udfs/rounding.py",
    "udfs/charging.py",
    "udfs/charging_accounts.py",
    "udfs/segmenting.py",
    "udfs/assembling.py",
    "udfs/balancing_credit.py",
    "udfs/expiring_credit.py",
    "udfs/summing_charges.py",
    "udfs/posting.py",
    "udfs/balancing.py",
    "udfs/chaining.py",
    "udfs/taxing.py",
    "schemas/money.py",
)
MODULES: tuple[str, ...] = (
    *_FILES,
    *(
        str(path.relative_to(ROOT))
        for folder in _FOLDERS
        for path in sorted((ROOT / folder).glob("*.py"))
        if path.name != "__init__.py"
    ),
)
"""The money code."""

_UNITS = [
    "rounding",
    "charging",
    "charging_accounts",
    "charging_rows",
    "charged_detail",
    "charged_terms",
    "due_charges",
    "segmenting",
    "assembling",
    "balancing",
    "balancing_credit",
    "expiring_credit",
    "summing_charges",
    "posting",
    "posted_entries",
    "chaining",
    "taxing",
    "taxing_focus",
]
_PROPERTIES = ["pricing", "rating", "charging_accounts", "taxes", "invoices", "issuing", "ledger"]
TESTS: tuple[str, ...] = (
    *(str(ROOT / "tests" / folder) for folder in _FOLDERS),
    *(str(ROOT / f"tests/udfs/test_{name}.py") for name in _UNITS),
    *(str(ROOT / f"tests/properties/test_{name}.py") for name in _PROPERTIES),
)
"""The quick tests that cover it."""

Name = tuple[str, str, str]


def load_judged(path: Path) -> dict[Name, str]:
    """Return the survivors of the list with their judgements.

    Raises:
        ValueError: One has no judgement, or stands twice.
    """
    listed: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    judged: dict[Name, str] = {}
    for module, functions in listed.items():
        for function, entries in functions.items():
            for entry in entries:
                name = (module, function, entry["change"])
                because = " ".join(entry.get("because", "").split())
                if not because:
                    raise ValueError(f"{' | '.join(name)}: expected a judgement, found none")
                if name in judged:
                    raise ValueError(f"{' | '.join(name)}: expected once, found twice")
                judged[name] = because
    return judged


def compare(
    survivors: Sequence[Name], judged: Mapping[Name, str], modules: Sequence[str]
) -> list[str]:
    """Return what is wrong with the list, one line each.

    Args:
        survivors: Those of this run.
        judged: The list.
        modules: What was tried; of others nothing is known.
    """
    new = [each for each in survivors if each not in judged]
    old = [each for each in judged if each[0] in modules and each not in set(survivors)]
    return [
        *(f"not judged: {' | '.join(each)}" for each in new),
        *(f"listed, but survives no more: {' | '.join(each)}" for each in old),
    ]
