"""The parts of all tests: any can fail the whole, and the reports of the others stand last."""

import sys
from pathlib import Path

import pytest

from jobs.local.places import ROOT
from tests import run_tests

PART = """
import sys
place = ("integration and not slow", "not slow", "not integration and not slow").index(sys.argv[2])
print(("first", "programs", "rest")[place], flush=True)
sys.exit({codes}[place])
"""


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((0, 0, 0), 0),
        ((1, 0, 0), 1),
        ((0, 2, 0), 2),
        ((0, 0, 3), 3),
        ((0, 2, 3), 2),
        ((1, 2, 3), 1),
    ],
)
def test_each_part_fails_the_whole(
    codes: tuple[int, int, int],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Whichever ends first; nothing of any is left out."""
    monkeypatch.setattr(run_tests, "PYTEST", (sys.executable, "-c", PART.format(codes=codes)))
    assert run_tests.main() == code
    told = capfdbinary.readouterr().out.splitlines()
    assert told[-3:] == [b"first", b"programs", b"rest"]


def test_no_test_is_left_out() -> None:
    """The programs' files, whatever they need, and of all other files each test by its marker."""
    programs, rest = run_tests.BESIDE
    files = [each for each in programs if each.endswith(".py")]
    assert programs[:2] == ("-m", "not slow")
    assert set(map(Path, files)) == set((ROOT / "tests" / "jobs").glob("test_*.py"))
    assert run_tests.FIRST[:2] == ("-m", "integration and not slow")
    assert rest[:2] == ("-m", "not integration and not slow")
    assert run_tests.FIRST[-1] == rest[-1] == f"--ignore-glob={ROOT}/tests/jobs/test_*.py"
