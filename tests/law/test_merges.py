"""No file holds what a merge left undecided."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKER = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


def test_no_merge_is_half_done() -> None:
    """Markers of a conflict stand in none of the files that are kept."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]
    assert len(names) > 100
    assert [name for name in names if MARKER.search((ROOT / name).read_bytes())] == []


def test_a_marker_is_found() -> None:
    """As git writes it."""
    assert MARKER.search(b"a = 1\n<<<<<<" + b"< HEAD\n")
