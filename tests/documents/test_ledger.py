"""docs/ledger.md: the chart of accounts is the declared one, and a hash is made as it says."""

import json
import re
from hashlib import sha256

from schemas.chart_of_accounts import CHART
from tests.documents.reading import documents
from tests.udfs.ledgers import full_ledger
from udfs.chaining import START, chain

TEXT = documents()["docs/ledger.md"]


def test_the_chart_is_the_declared_one() -> None:
    """Each account with its parts and what it holds, in the same order."""
    declared = [
        (":".join([each.kind, each.name, *([f"<{each.part}>"] if each.part else [])]), each.doc)
        for each in CHART
    ]
    assert re.findall(r"^\| `(\w+:[^`]+)` \| (.+) \|$", TEXT, re.MULTILINE) == declared


def test_a_hash_is_made_as_it_is_told() -> None:
    """By the members that stand there, in their order; nothing else is needed."""
    told = " ".join(TEXT.split())
    place, content = re.findall(r"`\[(entry_\w+,[^`]+)\]`", told)
    (posting,) = re.findall(r"`\[(ledger_account,[^`]+)\]`", told)
    for each in chain(full_ledger(), START, "r1"):
        entry = each.entry
        known = {name: getattr(each, name) for name in ("entry_no", "run_id")}
        names = ("entry_id", "source_kind", "source_id", "account_id", "currency", "memo")
        known |= {name: getattr(entry, name) for name in names}
        known["booked"] = entry.booked_us
        known["postings"] = [
            [getattr(side, name) for name in posting.split(",")] for side in entry.postings
        ]
        lines = [
            json.dumps([known[name] for name in names.split(",")], separators=(",", ":"))
            for names in (place, content)
        ]
        text = "\n".join([each.previous_hash, *lines])
        assert sha256(text.encode("ascii")).hexdigest() == each.entry_hash
