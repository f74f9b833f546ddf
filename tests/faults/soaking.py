"""The verdict of a soak: whether figures stay flat, by a line through their second halves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

SOAKS = Path(__file__).parent / "soaks.jsonl"
TOLERANCE_PERCENT = 15.0
"""How much a flat figure may change over the second half, in percent of its mean.

The JVMs' heaps breathe by more than a tenth between collections; a leak of a kilobyte an event
would show in minutes.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over a soak.

    Attributes:
        name: What was measured.
        unit: In what.
        first: Its first sample.
        last: Its last.
        slope_percent: Change over the second half by the straight line, in percent of its mean.
        is_bounded: Whether it must stay flat; rows in tables grow, and must.
    """

    name: str
    unit: str
    first: int
    last: int
    slope_percent: float
    is_bounded: bool

    @property
    def verdict(self) -> str:
        """Flat or growing, where it must be flat."""
        if not self.is_bounded:
            return "grows with the load"
        return "flat" if self.slope_percent <= TOLERANCE_PERCENT else "**grows**"


@dataclass(frozen=True, slots=True)
class Soak:
    """One soak, as it stands in the record; `hits` tells what struck, and how often."""

    at: str
    commit: str
    seed: int
    minutes: int
    records: int
    faults: int
    differences: int
    tolerance_percent: float
    figures: Sequence[Figure]
    hits: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing differs and what must be flat is flat."""
        return self.differences == 0 and all(each.verdict != "**grows**" for each in self.figures)


def slope_percent(samples: Sequence[tuple[float, float]]) -> float:
    """Return the change over the second half of samples, by least squares, in percent of the mean.

    Args:
        samples: Pairs of seconds and value, in order of time.
    """
    half = samples[len(samples) // 2 :]
    if len(half) < 2:
        return 0.0
    count = len(half)
    mean_t = sum(t for t, _ in half) / count
    mean_v = sum(v for _, v in half) / count
    spread = sum((t - mean_t) ** 2 for t, _ in half)
    if not spread or not mean_v:
        return 0.0
    slope = sum((t - mean_t) * (v - mean_v) for t, v in half) / spread
    return round(100 * slope * (half[-1][0] - half[0][0]) / mean_v, 1)


def figure_of(
    name: str, unit: str, samples: Sequence[tuple[float, float]], is_bounded: bool
) -> Figure:
    """Return a figure of its samples."""
    first, last = round(samples[0][1]), round(samples[-1][1])
    return Figure(name, unit, first, last, slope_percent(samples), is_bounded)


def append_soak(path: Path, soak: Soak) -> None:
    """Add a soak to the record."""
    with path.open("a") as record:
        record.write(json.dumps(asdict(soak), sort_keys=True) + "\n")


def read_soaks(path: Path) -> list[Soak]:
    """Return all soaks of a record, oldest first; none if there is no record."""
    if not path.exists():
        return []
    shapes = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Soak(**{**shape, "figures": [Figure(**each) for each in shape["figures"]]})
        for shape in shapes
    ]
