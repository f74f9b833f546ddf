"""Writes a bill of materials (CycloneDX 1.6, JSON) of all that is installed, out of the locks.

    python -m jobs.write_sbom --out sbom.cdx.json

It names every package of requirements.lock and every jar of the jars.lock files, with version,
hashes and package URL. The same locks give the same bytes: it has no time of its own.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from jobs import VERSION
from jobs.local.places import ROOT

_NAME = "meterclose"
# Locks by their place in the tree, and whether a deployment needs what they name.
_PACKAGES = (("requirements.lock", True), ("setup/fuzz.lock", False))
_JARS = (
    ("jars/flink/jars.lock", True),
    ("k8s/image/jars.lock", True),
    ("jars/broker/jars.lock", False),
)
_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)|--hash=sha256:([0-9a-f]{64})", re.MULTILINE)
_JAR = re.compile(r"([0-9a-f]{64}) ([^:\s]+):([^:\s]+):(\S+) (\S+\.jar)")


class BrokenLockError(Exception):
    """A lock is missing or says something else than a lock does; one line."""


@dataclass(frozen=True, slots=True)
class Component:
    """A package or a jar.

    Attributes:
        purl: Its package URL, by which it is known.
        group: Of a jar, its group; else empty.
        name: Its name.
        version: Its version.
        hashes: SHA-256 of each file that may be installed, ordered.
        is_needed: Whether a deployment has it; otherwise only tests, checks or the demo do.
    """

    purl: str
    group: str
    name: str
    version: str
    hashes: tuple[str, ...]
    is_needed: bool


def read_components(root: Path) -> tuple[Component, ...]:
    """Return what the locks of a tree name, ordered by package URL.

    Raises:
        BrokenLockError: A lock is missing or has something else in it.
    """
    found: dict[str, Component] = {}
    for locks, read in ((_PACKAGES, _read_packages), (_JARS, _read_jars)):
        for place, is_needed in locks:
            for each in read(place, _text_of(root, place)):
                known = found.get(each.purl)
                if known is not None and known.hashes != each.hashes:
                    raise BrokenLockError(
                        f"lock, {place}: expected the hashes of {each.purl} as in another lock,"
                        " found others"
                    )
                is_needed_once = is_needed or (known is not None and known.is_needed)
                found[each.purl] = replace(each, is_needed=is_needed_once)
    return tuple(found[purl] for purl in sorted(found))


def _text_of(root: Path, place: str) -> str:
    try:
        return (root / place).read_text()
    except FileNotFoundError:
        raise BrokenLockError(f"lock, {place}: expected a file, found none") from None


def _read_packages(place: str, text: str) -> Iterator[Component]:
    pins: list[tuple[str, str, list[str]]] = []
    for name, version, digest in _PINNED.findall(text):
        if name:
            pins.append((name, version, []))
        elif pins:
            pins[-1][2].append(digest)
    for name, version, digests in pins:
        if not digests:
            raise BrokenLockError(f"lock, {place}: expected a hash of {name}, found none")
        purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{quote(version, safe='')}"
        yield Component(purl, "", name, version, tuple(sorted(digests)), False)


def _read_jars(place: str, text: str) -> Iterator[Component]:
    for number, line in enumerate(text.splitlines(), start=1):
        found = _JAR.fullmatch(line)
        if found is None:
            expected = "hash, group:name:version and file"
            raise BrokenLockError(f"lock, {place}:{number}: expected {expected}, found {line!r}")
        digest, group, name, version, file = found.groups()
        classifier = file.removeprefix(f"{name}-{version}").removesuffix(".jar").removeprefix("-")
        qualifiers = f"classifier={quote(classifier)}&type=jar" if classifier else "type=jar"
        purl = f"pkg:maven/{quote(group)}/{quote(name)}@{quote(version, safe='')}?{qualifiers}"
        yield Component(purl, group, name, version, (digest,), False)


def bill_of(components: Sequence[Component]) -> dict[str, Any]:
    """Return the bill of materials as members of JSON.

    A package has a hash for each of its files, of which one is installed. What is only for tests,
    checks and the demo has the scope `excluded`; of packages of requirements.lock this is not told
    apart.
    """
    listed = [_members(each) for each in components]
    own_ref = f"pkg:generic/{_NAME}@{VERSION}"
    content = json.dumps([VERSION, listed], sort_keys=True).encode()
    serial = UUID(bytes=sha256(content).digest()[:16], version=4)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own_ref,
                "name": _NAME,
                "version": VERSION,
                "purl": own_ref,
            }
        },
        "components": listed,
        "dependencies": [{"ref": own_ref, "dependsOn": [each.purl for each in components]}],
    }


def _members(component: Component) -> dict[str, Any]:
    group = {"group": component.group} if component.group else {}
    return {
        "type": "library",
        "bom-ref": component.purl,
        **group,
        "name": component.name,
        "version": component.version,
        "scope": "required" if component.is_needed else "excluded",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in component.hashes],
        "purl": component.purl,
    }


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the bill of materials; return the exit code.

    Args:
        arguments: As typed.
        root: The tree whose locks are read.
    """
    parser = argparse.ArgumentParser(prog="write_sbom", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    options = parser.parse_args(arguments)
    try:
        components = read_components(root)
    except BrokenLockError as error:
        print(error, file=sys.stderr)
        return 2
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(bill_of(components), indent=2) + "\n")
    print(f"{options.out}: {len(components)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ROOT))
