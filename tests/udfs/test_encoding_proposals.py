"""A proposal is a file that people read: what was written is what is read, or it is refused."""

from __future__ import annotations

import json

import pytest

from schemas.adjustment_proposal import Proposal, ProposalFormatError, ProposalScope
from schemas.usage_adjustment import AdjustmentKind, AdjustmentRefusal, RefusedTotal
from tests.udfs.test_adjusting import KEY, _event, _total
from udfs.encoding_proposals import decode_proposal, encode_proposal, proposal_id
from udfs.writing_adjustments import Change, write_adjustments

SCOPE = ProposalScope("raw_events", ("A", "Zoë"), 0, 10, (("s", "1-0"),))
CHANGES = [Change(AdjustmentKind.LOST_USAGE, _event(1, 0, "0.5"))]
PROPOSAL = Proposal(
    SCOPE,
    write_adjustments(_total("1/1", "0/0"), CHANGES),
    (RefusedTotal(KEY, AdjustmentRefusal.HAS_PARTS, "expected one, found another"),),
)


def test_what_was_written_is_read() -> None:
    """Whole, with the same hash; instants and quantities are readable."""
    text = encode_proposal(PROPOSAL)
    assert decode_proposal(text) == PROPOSAL
    members = json.loads(text)
    assert members["proposal_id"] == proposal_id(PROPOSAL)
    assert members["scope"]["since"] == "1970-01-01T00:00:00Z"
    (row,) = members["adjustments"]
    assert (row["quantity"], row["first_event_time"]) == ("0.5", "1970-01-01T00:01:00Z")
    assert row["events"] == [["s", "1-0", 0, 100, -1]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"0.5"', '"0.6"'),
        ('"Zoë"', '"Zoe"'),
        ("1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z"),
        ('"lost_usage"', '"wrongly_counted"'),
        ('"lost_usage"', '"other"'),
        ("adjustments, 1", "adjustments, 2"),
        ('"unit"', '"units"'),
        ("{", "["),
    ],
)
def test_a_changed_file_is_refused(old: str, new: str) -> None:
    """In one line: it was changed, or is no proposal."""
    text = encode_proposal(PROPOSAL)
    assert old in text
    with pytest.raises(ProposalFormatError, match=r"^proposal: expected .*, found .*$"):
        decode_proposal(text.replace(old, new, 1))
