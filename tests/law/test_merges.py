"""No file holds what a merge left undecided."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKER = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
# Folders that begin with a dot are made here, but for that of CI.
LEFT_OUT = {"build", "dist"}


def kept_files() -> list[Path]:
    """Return the project's own files; git need not be there."""
    tops = [
        top
        for top in ROOT.iterdir()
        if top.name == ".ci" or (not top.name.startswith(".") and top.name not in LEFT_OUT)
    ]
    inside = [path for top in tops for path in (top, *top.rglob("*"))]
    return [path for path in inside if path.is_file() and "__pycache__" not in path.parts]


def test_no_merge_is_half_done() -> None:
    """Markers of a conflict stand in none of them."""
    files = kept_files()
    assert ROOT / "Makefile" in files
    assert ROOT / ".ci" / "run" in files
    assert Path(__file__) in files
    assert [str(path) for path in files if MARKER.search(path.read_bytes())] == []


def test_a_marker_is_found() -> None:
    """As git writes it."""
    assert MARKER.search(b"a = 1\n<<<<<<" + b"< HEAD\n")
