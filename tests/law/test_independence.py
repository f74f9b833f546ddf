"""The oracle stays a second opinion: it loads nothing of the product it judges."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("audit", "tests/oracle")
    for path in (ROOT / folder).rglob("*.py")
    if not path.stem.startswith(("test_", "__"))
)
LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
held = {name.split(".")[0] for name in sys.modules}
print(*sorted({"schemas", "udfs", "iceberg", "jobs"} & held))
"""


def product_loaded_by(module: str) -> list[str]:
    """Return the product's packages that a fresh interpreter holds after it imported module."""
    command = [sys.executable, "-c", LOADED, module]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize("module", MODULES)
def test_the_oracle_loads_nothing_of_the_product(module: str) -> None:
    """Neither directly nor through another module."""
    assert product_loaded_by(module) == []


def test_a_module_that_loads_the_product_is_found() -> None:
    """Imports two steps away count: the tests' engine knows the shapes and the rules."""
    assert product_loaded_by("tests.udfs.engine") == ["schemas", "udfs"]


def test_the_auditing_modules_are_among_those_looked_at() -> None:
    """A folder that moved would leave nothing to look at."""
    assert {"tests.oracle.recompute", "audit.judging", "audit.prices.prices"} <= set(MODULES)
