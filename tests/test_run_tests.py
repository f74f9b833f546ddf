"""The two halves of all tests: either can fail the whole, and the second's report stands last."""

import sys

import pytest

from tests import run_tests

HALF = """
import sys
is_first = sys.argv[2] == "integration and not slow"
print("first" if is_first else "second", flush=True)
sys.exit(int({first} if is_first else {second}))
"""


@pytest.mark.parametrize(("first", "second", "code"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (1, 2, 1)])
def test_either_half_fails_the_whole(
    first: int,
    second: int,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Whichever ends first; nothing of either is left out."""
    half = HALF.format(first=first, second=second)
    monkeypatch.setattr(run_tests, "PYTEST", (sys.executable, "-c", half))
    assert run_tests.main() == code
    told = capfdbinary.readouterr().out.splitlines()
    assert told[-2:] == [b"first", b"second"]
