"""Cuts what an image needs out of requirements.lock, hashes and all: `python -m tests.k8s.locking`.

What a package needs is asked of the installed packages, which were installed from the same lock.
"""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jobs.local.places import ROOT

IMAGE = ROOT / "k8s" / "image"
_EVERY = (
    "babel",
    "duckdb",
    "kafka-python",
    "msgspec",
    "pyiceberg[sql-postgres,pyarrow]",
    "pytz",
    "pyyaml",
    "reportlab",
    "tzdata",
)
# What the programs of an image import.
ROOTS = {"stream": ("apache-flink", *_EVERY), "batch": ("plotext", "rich", *_EVERY)}
# Flink's own image brings these 330 MB.
_LEFT_OUT = {"apache-flink-libraries"}


def cut(image: str) -> str:
    """Return the lock of an image: the blocks of requirements.lock for all that it needs."""
    blocks = _blocks((ROOT / "requirements.lock").read_text())
    wanted = _closure(ROOTS[image]) - _LEFT_OUT
    lines = [f"# Cut out of requirements.lock for the {image} image: python -m tests.k8s.locking\n"]
    return "".join([*lines, *(blocks[name] for name in sorted(wanted))])


def path_of(image: str) -> Path:
    """Return where the lock of an image is kept."""
    return IMAGE / f"{image}.lock"


def names_of(image: str) -> set[str]:
    """Return the packages of an image's lock."""
    return set(_blocks(path_of(image).read_text()))


def _blocks(lock: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            name = canonicalize_name(line.partition("==")[0])
        found[name] = found.get(name, "") + line
    return found


def _closure(roots: tuple[str, ...]) -> set[str]:
    """Return every package that the roots need, here: markers are those of this Python."""
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(root) for root in roots]
    while waiting:
        asked = waiting.pop()
        for extra in ("", *sorted(asked.extras)):
            key = (canonicalize_name(asked.name), extra)
            if key in found:
                continue
            found.add(key)
            for text in distribution(asked.name).requires or ():
                need = Requirement(text)
                if need.marker is None or need.marker.evaluate({"extra": extra}):
                    waiting.append(need)
    return {name for name, _ in found}


if __name__ == "__main__":
    for each in ROOTS:
        path_of(each).write_text(cut(each))
