"""The kept inputs: files in `corpus/`, each named by what it does, and long ones as recipes."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


def kept(kind: str) -> dict[str, bytes]:
    """Return the kept inputs of a kind by their names, ordered.

    Args:
        kind: `records`, `accounts`, or a key of `tests.fuzz.loaders.LOADERS`.
    """
    files = {path.stem: path.read_bytes() for path in sorted((FOLDER / kind).iterdir())}
    return files | _long(kind)


def _long(kind: str) -> dict[str, bytes]:
    """Return what would take kilobytes: a head, a piece many times over, a tail."""
    recipes = json.loads((FOLDER / "long.json").read_text())
    found = {}
    for name, recipe in recipes.get(kind, {}).items():
        head, piece, tail = (recipe[part].encode("latin-1") for part in ("head", "piece", "tail"))
        times = recipe.get("times") or (recipe["bytes"] - len(head) - len(tail)) // len(piece)
        found[name] = head + piece * times + tail
    return found
