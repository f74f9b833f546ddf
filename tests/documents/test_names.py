"""What documents name exists: files, links, tests, settings, columns; and nothing private."""

import re
from dataclasses import fields

import pytest

from iceberg.tables import TABLES
from jobs.settings import PrivacySettings
from jobs.settings.loading import SECTIONS
from jobs.settings.privacy import PRIVACY
from schemas.meter import Meter
from schemas.privacy import PrivacyRules
from tests.documents.reading import ROOT, blocks, documents, prose

NAMES = sorted(documents())
TOPS = (
    "schemas",
    "udfs",
    "iceberg",
    "audit",
    "jobs",
    "config",
    "docs",
    "k8s",
    "tests",
    "setup",
    ".ci",
)
# Everything else in back quotes with a dot and an underscore, or a section's name before the dot.
SETTING = re.compile(r"`(kafka|catalog|metering|flink|privacy)\.(\w+)`")
SHAPES = {
    **{name: (shape,) for name, shape in SECTIONS.items()},
    PRIVACY: (PrivacySettings, PrivacyRules),
}


@pytest.mark.parametrize("document", NAMES)
def test_links_lead_somewhere(document: str) -> None:
    """Relative links name files, and their anchors headings of them."""
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\(([^)]+)\)", documents()[document]):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = folder / name
        assert path.exists(), target
        if not anchor:
            continue
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
        assert anchor in slugs, target


@pytest.mark.parametrize("document", NAMES)
def test_paths_exist(document: str) -> None:
    """Paths of the project in back quotes are there."""
    for path in re.findall(r"`([\w./-]+/[\w./-]*)`", prose(document)):
        if path.split("/")[0] in TOPS:
            assert (ROOT / path).exists(), path


def test_the_tree_is_this_one() -> None:
    """The README's tree names every folder of the sources, and none that is not there."""
    (tree,) = [each.text for each in blocks("README.md", "text") if "schemas/ " in each.text]
    assert all((ROOT / path).is_dir() for path in re.findall(r"(?:\w+/)+", tree))
    named = set(re.findall(r"^(\w+)/", tree, re.MULTILINE))
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= named


@pytest.mark.parametrize("document", NAMES)
def test_tests_exist(document: str) -> None:
    """Each test that is said to show something is a test."""
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)(?:\[\w+\])?`", prose(document)):
        assert f"def {name}(" in sources, name


@pytest.mark.parametrize("document", NAMES)
def test_settings_exist(document: str) -> None:
    """Settings written with their section are settings."""
    for section, key in SETTING.findall(prose(document)):
        known = {field.name for shape in SHAPES[section] for field in fields(shape)}
        assert key in known, f"{section}.{key}"


@pytest.mark.parametrize("document", NAMES)
def test_nothing_private_is_named(document: str) -> None:
    """No path of somebody's machine."""
    assert not re.search(r"(^|[\s\"'(=/])/(work|tmp|home|root|Users)/", documents()[document])


def test_the_glossary_speaks_the_code() -> None:
    """Words of the glossary that stand in back quotes are columns, tables, settings or members."""
    text = documents()["docs/how-it-works.md"].partition("## Glossary")[2]
    known = {table.name for table in TABLES}
    known |= {column.name for table in TABLES for column in table.columns}
    known |= {field.name for field in fields(Meter)}
    known |= {"count", "sum", "max", "min", "subject", "source", "id", "data", "units"}
    known |= {"meterclose.heartbeat", "CreateTime"}
    assert set(re.findall(r"`([^`]+)`", text)) <= known
    entries = re.findall(r"^- \*\*([\w ]+)\*\*: ", text, re.MULTILINE)
    assert entries == sorted(entries)
    assert len(entries) > 20
