"""Hypothesis on the targets of the fuzzer: short, and the same in every run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

CHANCE = st.binary(max_size=400)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(CHANCE)
def test_records(chance: bytes) -> None:
    """Each verdict is the oracle's: a reason of the closed list, or units equal to the last bit."""
    TARGETS["drawn_record"](chance)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_bytes(content: bytes) -> None:
    """Bytes of no shape are refused as the oracle refuses them."""
    TARGETS["record"](content)
    TARGETS["account"](content)
    TARGETS["state"](content)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(CHANCE)
def test_accounts(chance: bytes) -> None:
    """Terms are refused in one line, or metered without losing an event."""
    TARGETS["drawn_account"](chance)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.binary(max_size=40))
def test_states(chance: bytes) -> None:
    """Damaged state is an error that the job knows, or reads and writes as the same."""
    TARGETS["drawn_state"](chance)


@settings(max_examples=2, derandomize=True, deadline=None)
@given(CHANCE)
def test_logs(chance: bytes) -> None:
    """The whole chain gives the rows of the recompute, and each record one fate."""
    TARGETS["drawn_log"](chance)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(CHANCE)
def test_files(chance: bytes) -> None:
    """A configuration file is read, or refused in one line."""
    for name in ("live", "meters", "accounts", "rate_cards", "contracts", "invoicing"):
        TARGETS[f"drawn_{name}_file"](chance)
