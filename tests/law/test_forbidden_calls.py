"""No code of any room runs text or brings bytes to life, but where a reason stands here."""

from pathlib import Path

import pytest

from tests.law.forbidden_calls import FORBIDDEN_CALLS, FORBIDDEN_MODULES, find_forbidden

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "udfs", "iceberg", "audit", "jobs", "benchmarks", "tests", "setup.py")
# File and name, each with its reason; what stands here and is not there any more is refused, too.
ALLOWED = {
    ("tests/documents/test_explaining.py", "compile"): "the verifier that our own document shows",
    ("tests/documents/test_explaining.py", "exec"): "the verifier that our own document shows",
    ("tests/mutation/running.py", "compile"): "our own code, changed bit by bit to try the tests",
    ("tests/jobs/test_injections.py", "compile"): "looks at a program's names; it is not run",
}


def test_no_room_runs_what_others_wrote() -> None:
    """Every call that is found has its reason, and every reason its call."""
    paths = [
        path
        for room in ROOMS
        for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    ]
    assert len(paths) > 900
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in paths
        for _, name in find_forbidden(path.read_text())
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        *((f"{call}(x)", call) for call in FORBIDDEN_CALLS if "." not in call),
        *(
            (f"import {call.partition('.')[0]}\n{call}(x)", call)
            for call in FORBIDDEN_CALLS
            if "." in call
        ),
        *((f"import {module}", module) for module in FORBIDDEN_MODULES),
        ("from yaml import load as read\nread(x)", "yaml.load"),
        ("import yaml as y\ny.unsafe_load(x)", "yaml.unsafe_load"),
        ("from pickle import loads", "pickle"),
        ("def f():\n    import pickle", "pickle"),
        ("subprocess.run(x, shell=True)", "shell=True"),
        ("subprocess.run(x, shell=is_shell)", "shell=True"),
        ("import os as o\no.system(x)", "os.system"),
    ],
)
def test_each_of_them_is_found(source: str, name: str) -> None:
    """However it was imported."""
    assert [found for _, found in find_forbidden(source)] == [name]


@pytest.mark.parametrize(
    "source",
    [
        "yaml.safe_load(x)",
        "re.compile(x)",
        "subprocess.run(x, shell=False)",
        "import json\njson.loads(x)",
        "self.eval(x)",
        "rows.execute(x)",
    ],
)
def test_nothing_else_is_found(source: str) -> None:
    """Names that only look like them."""
    assert list(find_forbidden(source)) == []
