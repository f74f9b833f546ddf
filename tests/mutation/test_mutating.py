"""Mutants are made, named, installed and compared with the list as the docs say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.changing import MUTATIONS
from tests.mutation.judging import JUDGED, MODULES, TESTS, compare, load_judged
from tests.mutation.mutating import ROOT, mutants_of

_ONE = ("udfs/rounding.py", "allocate", "a -> b")
_OTHER = ("udfs/posting.py", "post_charge", "c -> d")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a + b", ["a - b"]),
        ("-a", ["a"]),
        ("a and b", ["a or b", "b", "a"]),
        ("a if b else c", ["a", "c"]),
        ("7", ["8", "6"]),
        ("True", ["False"]),
        ("'a'", ["'aXX'"]),
        ("each.start_us", ["each.end_us"]),
        ("f(a, b)", ["f(b, a)"]),
        ("min(a, b)", []),
        ("sorted(a, key=b)", ["list(a)", "sorted(a)"]),
        ("{a: b, c: d}", ["{a: d, c: b}"]),
    ],
)
def test_each_change(before: str, after: list[str]) -> None:
    """One expression becomes those that a test has to tell from it."""
    node = ast.parse(before, mode="eval").body
    found = [ast.unparse(each) for mutate in MUTATIONS for each in mutate(node)]
    assert found == after


def test_a_mutant_differs_in_its_change_alone() -> None:
    """A mutant that is applied is the module with one change, within its lines."""
    module = "udfs/rounding.py"
    source = ast.unparse(ast.parse((ROOT / module).read_text(encoding="utf-8"))).splitlines()
    for place, mutant in enumerate(mutants_of(module)[:20]):
        changed = ast.unparse(mutants_of(module)[place].apply()).splitlines()
        assert sum(a != b for a, b in zip(source, changed, strict=True)) == 1, mutant.name


def test_names_are_unique() -> None:
    """No two mutants of a module have one name, so a judgement is of one."""
    names = [each.name for each in mutants_of("udfs/posting.py")]
    assert len(set(names)) == len(names)


def test_the_list_names_mutants_that_there_are() -> None:
    """Each judged survivor is a change of the code as it stands."""
    judged = load_judged(JUDGED)
    there = {each.name for module in {name[0] for name in judged} for each in mutants_of(module)}
    assert [name for name in judged if name not in there] == []
    assert {name[0] for name in judged} <= set(MODULES)


def test_tests_that_are_run_exist() -> None:
    """What runs against mutants is there."""
    assert [name for name in TESTS if not Path(name).exists()] == []


@pytest.mark.parametrize(
    ("survivors", "judged", "expected"),
    [
        ([_ONE], {_ONE: "equal"}, []),
        ([_ONE], {}, ["not judged: udfs/rounding.py | allocate | a -> b"]),
        (
            [],
            {_ONE: "equal"},
            ["listed, but survives no more: udfs/rounding.py | allocate | a -> b"],
        ),
        ([], {_OTHER: "equal"}, []),
    ],
)
def test_survivors_and_list(
    survivors: list[tuple[str, str, str]],
    judged: dict[tuple[str, str, str], str],
    expected: list[str],
) -> None:
    """A new survivor, and an entry without one, are told; of what was not tried nothing is said."""
    assert compare(survivors, judged, ["udfs/rounding.py"]) == expected


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ("- {change: a -> b}", "expected a judgement"),
        ("- {change: a -> b, because: '  '}", "expected a judgement"),
        ("- {change: a -> b, because: x}\n    - {change: a -> b, because: y}", "found twice"),
    ],
)
def test_a_list_without_judgement_is_refused(tmp_path: Path, entries: str, found: str) -> None:
    """Each entry has a judgement, and stands once."""
    path = tmp_path / "survivors.yaml"
    path.write_text(f"udfs/rounding.py:\n  allocate:\n    {entries}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=found):
        load_judged(path)
