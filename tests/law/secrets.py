"""Finds what looks like a secret in the project's files: `python -m tests.law.secrets`.

The detectors are those of detect-secrets, line by line; what they may find stands in pyproject.toml
under `tool.meterclose.secrets`, with a reason each. Nothing is asked of anybody over the network.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.keyword import DENYLIST

from tests.law.test_merges import kept_files

ROOT = Path(__file__).parents[2]
_KEYWORDS = "Secret Keyword"
# The detector of keywords is slow, and no line without one of its words has what it looks for.
_HAS_KEYWORD = re.compile("|".join(DENYLIST), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be found, each with its reason.

    Attributes:
        kinds: Names of detectors that are left out.
        files: Patterns of paths that are left out.
        values: Patterns of whole values.
    """

    kinds: Mapping[str, str]
    files: Mapping[str, str]
    values: Mapping[str, str]


def read_allowed(pyproject: str) -> Allowed:
    """Return what a pyproject.toml allows."""
    return Allowed(**tomllib.loads(pyproject)["tool"]["meterclose"]["secrets"])


def detectors(allowed: Allowed) -> dict[str, Any]:
    """Return the detectors by the kind of secret that they find."""
    kinds: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
    unknown = set(allowed.kinds) - set(kinds)
    assert not unknown, f"no such kinds of secrets: {unknown}"
    return {kind: kinds[kind]() for kind in sorted(kinds) if kind not in allowed.kinds}


def find_secrets(
    path: str, text: str, detecting: Mapping[str, Any], allowed: Allowed
) -> Iterator[str]:
    """Yield a line for each secret of a file, without the secret itself."""
    values = re.compile("|".join(allowed.values))
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, detector in detecting.items():
            if kind == _KEYWORDS and not _HAS_KEYWORD.search(line):
                continue
            for found in detector.analyze_line(filename=path, line=line, line_number=number):
                if not values.fullmatch(found.secret_value or ""):
                    yield f"{path}:{number}: {kind}"


def main() -> int:
    """Print what looks like a secret; return 1 where something does."""
    allowed = read_allowed((ROOT / "pyproject.toml").read_text())
    detecting = detectors(allowed)
    findings: list[str] = []
    for file in sorted(kept_files()):
        path = str(file.relative_to(ROOT))
        if not any(fnmatch(path, pattern) for pattern in allowed.files):
            findings += find_secrets(path, file.read_text(errors="replace"), detecting, allowed)
    for finding in findings:
        print(f"{finding}; if it is none: pyproject.toml, tool.meterclose.secrets")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
