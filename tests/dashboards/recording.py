"""The recorded scrape: samples in the form of OpenMetrics, compressed."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded.om.gz"
EVERY_S = 15
# They say which scrape it was, and are the recorder's own.
_LEFT_OUT = frozenset({"__name__", "instance", "job"})


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded scrape, unpacked.

    Attributes:
        file: With the samples.
        begin_s: Time of the first sample, in seconds since 1970.
        end_s: Time of the last one.
    """

    file: Path
    begin_s: int
    end_s: int


def lines_of(series: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a file, of series as Prometheus answers them."""
    listed = []
    for each in series:
        labels = each["metric"]
        told = ",".join(
            f'{name}="{_escape(labels[name])}"' for name in sorted(labels) if name not in _LEFT_OUT
        )
        listed.append((labels["__name__"], told, each["values"]))
    for name, told, values in sorted(listed):
        for time, value in values:
            yield f"{name}{{{told}}} {value} {time}"
    yield "# EOF"


def keep(series: Iterable[Mapping[str, Any]]) -> None:
    """Write series to the recorded file."""
    text = "\n".join(lines_of(series)) + "\n"
    # Without a time in it, so that the same samples are the same file.
    RECORDED.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def unpack(folder: Path) -> Recording:
    """Unpack the recorded file into a folder."""
    text = gzip.decompress(RECORDED.read_bytes()).decode()
    file = folder / "recorded.om"
    file.write_text(text)
    times = [float(found) for found in re.findall(r" ([0-9.]+)$", text, re.MULTILINE)]
    return Recording(file, int(min(times)), int(max(times)))


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
