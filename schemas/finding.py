"""What an examination of a deployment found: one finding for each thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding means; only `failed` makes an examination fail."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of one check.

    Attributes:
        verdict: What it means.
        found: What is there; of what was skipped, why.
        expected: What should be there; empty where it is.
        remedy: What to do about it; empty where nothing is to be done.
    """

    verdict: Verdict
    found: str
    expected: str = ""
    remedy: str = ""
