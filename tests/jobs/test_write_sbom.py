"""The bill of materials: valid CycloneDX, complete, and the same of the same locks."""

import json
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from jobs import VERSION
from jobs.local.places import ROOT
from jobs.write_sbom import BrokenLockError, bill_of, main, read_components

JAR_LOCKS = ("jars/flink", "k8s/image", "jars/broker")
LOCKS = ("requirements.lock", "setup/fuzz.lock", *(f"{each}/jars.lock" for each in JAR_LOCKS))
Output = pytest.CaptureFixture[str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a copy of the locks."""
    for lock in LOCKS:
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / lock, tmp_path / lock)
    return tmp_path


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The bill of materials of this tree, as the program writes it."""
    path = tmp_path_factory.mktemp("sbom") / "new" / "sbom.json"
    assert main(["--out", str(path)], ROOT) == 0
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def test_it_is_valid(bill: dict[str, Any]) -> None:
    """By the official schema of version 1.6, strictly; and that schema refuses what is not."""
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    broken = {**bill, "components": [{"type": "library"}]}
    assert validator.validate_str(json.dumps(broken)) is not None
    assert bill["metadata"]["component"]["version"] == VERSION


def test_every_package_is_named(bill: dict[str, Any]) -> None:
    """With version, all its hashes and a package URL; one that is installed, as installed."""
    found = {each["purl"]: each for each in bill["components"]}
    pins = re.split(r"^(?=\S+==)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    pins = [pin for pin in pins if pin.strip()]
    assert len(pins) > 100
    for pin in pins:
        name, _, pinned = pin.split()[0].partition("==")
        each = found[f"pkg:pypi/{name}@{pinned}"]
        assert (each["name"], each["version"], each["scope"]) == (name, pinned, "required")
        digests = re.findall(r"sha256:([0-9a-f]{64})", pin)
        assert digests
        assert [h["content"] for h in each["hashes"]] == sorted(digests)
        assert {h["alg"] for h in each["hashes"]} == {"SHA-256"}
    assert f"pkg:pypi/duckdb@{version('duckdb')}" in found


@pytest.mark.parametrize(
    ("lock", "scope"), list(zip(JAR_LOCKS, ("required", "required", "excluded"), strict=True))
)
def test_every_jar_is_named(lock: str, scope: str, bill: dict[str, Any]) -> None:
    """With coordinates and checksum; a jar that Flink gets is required wherever else it stands."""
    lines = (ROOT / lock / "jars.lock").read_text().splitlines()
    flinks = (ROOT / "jars/flink/jars.lock").read_text()
    found = {each["purl"]: each for each in bill["components"]}
    assert lines
    for line in lines:
        digest, coordinates, _ = line.split()
        group, name, pinned = coordinates.split(":")
        each = found[f"pkg:maven/{group}/{name}@{pinned}?type=jar"]
        assert (each["group"], each["name"], each["version"]) == (group, name, pinned)
        assert each["hashes"] == [{"alg": "SHA-256", "content": digest}]
        assert each["scope"] == ("required" if coordinates in flinks else scope)


def test_package_urls_are_canonical(bill: dict[str, Any]) -> None:
    """Each reads as one, and is written as it would be; each component is there once."""
    purls = [each["purl"] for each in bill["components"]]
    assert [PackageURL.from_string(purl).to_string() for purl in purls] == purls
    assert purls == sorted(set(purls))
    (dependencies,) = bill["dependencies"]
    assert dependencies["dependsOn"] == purls


def test_the_same_locks_give_the_same(bill: dict[str, Any], tree: Path) -> None:
    """Also its serial number, which changes with any hash."""
    assert bill_of(read_components(tree)) == bill
    lock = tree / "jars/broker/jars.lock"
    lock.write_text("0" * 64 + lock.read_text()[64:])
    assert bill_of(read_components(tree))["serialNumber"] != bill["serialNumber"]


def test_a_jar_with_a_classifier(tree: Path) -> None:
    """It is part of the package URL: another file of the same version."""
    lock = tree / "jars/flink/jars.lock"
    lock.write_text(f"{'0' * 64} org.example:two:2.0 two-2.0-linux-x86_64.jar\n")
    purls = [each.purl for each in read_components(tree)]
    assert "pkg:maven/org.example/two@2.0?classifier=linux-x86_64&type=jar" in purls


@pytest.mark.parametrize(
    ("lock", "text", "found"),
    [
        ("requirements.lock", "rich==1.0\n", "expected a hash of rich, found none"),
        ("jars/flink/jars.lock", "0 a:b:1 b.jar\n", "jars.lock:1: expected hash, group"),
        ("setup/fuzz.lock", "rich==15.0.0 \\\n  --hash=sha256:" + "0" * 64, "found others"),
        ("jars/broker/jars.lock", None, "expected a file, found none"),
    ],
)
def test_a_broken_lock_is_one_line(
    lock: str, text: str | None, found: str, tree: Path, capsys: Output
) -> None:
    """Nothing is written then."""
    if text is None:
        (tree / lock).unlink()
    else:
        (tree / lock).write_text(text)
    if found == "found others":
        (tree / lock).write_text(_as_rich(tree, text or ""))
    with pytest.raises(BrokenLockError, match=re.escape(found)):
        read_components(tree)
    assert main(["--out", str(tree / "sbom.json")], tree) == 2
    assert found in capsys.readouterr().err
    assert not (tree / "sbom.json").exists()


def _as_rich(tree: Path, text: str) -> str:
    """Return the text with the version of rich that the main lock has."""
    (pinned,) = re.findall(r"^rich==(\S+)", (tree / "requirements.lock").read_text(), re.MULTILINE)
    return text.replace("15.0.0", pinned)
