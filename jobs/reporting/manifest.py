"""Compares the records found with those that the publisher says it published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.reporting.fates import Fates

# What becomes of a published kind: the part of its name before the slash decides.
_FATES = {
    "heartbeat": "heartbeats",
    "retraction": "retractions",
    "refused": "rejected",
    "repeat": "duplicates",
    "conflict": "duplicates",
}


class ManifestError(Exception):
    """The file is no manifest of a publisher; one line with the file, expected and found."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many records were published for one fate, and how many were found."""

    fate: str
    published: int
    found: int


def read_kinds(path: Path) -> Mapping[str, int]:
    """Return the number of records of each kind from a publisher's manifest.

    Raises:
        ManifestError: The file cannot be read or is none.
    """
    try:
        content = json.loads(path.read_bytes())
        kinds = {str(kind): int(number) for kind, number in content["kinds"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise ManifestError(f"manifest, {path}: expected a publisher's, found {found}") from None
    return kinds


def compare(fates: Fates, kinds: Mapping[str, int]) -> tuple[Comparison, ...]:
    """Return published beside found, for each fate and for all records."""
    published = {"counted": 0, "duplicates": 0, "rejected": 0, "heartbeats": 0}
    published["retractions"] = 0
    for kind, number in kinds.items():
        published[_FATES.get(kind.partition("/")[0], "counted")] += number
    found = {
        "counted": fates.counted,
        "duplicates": fates.duplicates,
        "rejected": fates.rejected_records,
        "heartbeats": fates.heartbeats,
        "retractions": fates.retractions,
    }
    return (
        *(Comparison(fate, published[fate], found[fate]) for fate in published),
        Comparison("records", sum(published.values()), fates.records),
    )
