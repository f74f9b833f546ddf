"""The oracle stays a second opinion: it loads nothing of the product it judges."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("audit", "tests/oracle")
    for path in (ROOT / folder).rglob("*.py")
    if not path.stem.startswith(("test_", "__"))
)
LOADED = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
held = {name.split(".")[0] for name in sys.modules}
print(*sorted({"schemas", "udfs", "iceberg", "jobs"} & held))
"""


def product_loaded_by(*modules: str) -> list[str]:
    """Return the product's packages that a fresh interpreter holds after it imported modules."""
    command = [sys.executable, "-c", LOADED, *modules]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_oracle_loads_nothing_of_the_product() -> None:
    """Neither directly nor through another module; all of them in one interpreter, for speed."""
    assert product_loaded_by(*MODULES) == []


def test_a_module_that_loads_the_product_is_found() -> None:
    """Imports two steps away count: the tests' engine knows the shapes and the rules."""
    assert product_loaded_by("audit.judging", "tests.udfs.engine") == ["schemas", "udfs"]


def test_the_auditing_modules_are_among_those_looked_at() -> None:
    """A folder that moved would leave nothing to look at."""
    assert {"tests.oracle.recompute", "audit.judging", "audit.prices.prices"} <= set(MODULES)
