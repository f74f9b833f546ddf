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


def kept_of(account_id: str, event_type: str, units: str, dimension: str, day: str) -> list[bytes]:
    """Return the kept records as another configuration knows them.

    Args:
        account_id: Instead of the account A.
        event_type: Instead of `used`.
        units: The member of `data` instead of `units`.
        dimension: That instead of `place`.
        day: Of the events, instead of 2013-06-01; publish them on that day or a little later.
    """
    spelled = {
        b'"subject":"A"': f'"subject":"{account_id}"',
        b'"used"': f'"{event_type}"',
        b'"units"': f'"{units}"',
        b'"place"': f'"{dimension}"',
        b"2013-06-01": day,
    }
    records = list(kept("records").values())
    for before, after in spelled.items():
        records = [record.replace(before, after.encode()) for record in records]
    return records


def _long(kind: str) -> dict[str, bytes]:
    """Return what would take kilobytes: a head, a piece many times over, a tail."""
    recipes = json.loads((FOLDER / "long.json").read_text())
    found = {}
    for name, recipe in recipes.get(kind, {}).items():
        head, piece, tail = (recipe[part].encode("latin-1") for part in ("head", "piece", "tail"))
        times = recipe.get("times") or (recipe["bytes"] - len(head) - len(tail)) // len(piece)
        found[name] = head + piece * times + tail
    return found
