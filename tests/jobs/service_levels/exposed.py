"""Reads Prometheus' text format strictly, for tests: whatever the rules do not allow is an error.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass
class Family:
    """The samples of one metric, by their labels."""

    name: str
    doc: str
    type: str = ""
    samples: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)


def read_exposed(text: str) -> dict[str, Family]:
    """Return the families of a text by name.

    Raises:
        AssertionError: It is not in the format, or a family is in pieces or a sample there twice.
    """
    assert text.endswith("\n")
    families: dict[str, Family] = {}
    current: Family | None = None
    for line in text.split("\n")[:-1]:
        if match := re.fullmatch(rf"# HELP ({_NAME}) (.+)", line):
            assert match[1] not in families, f"{match[1]} is in pieces"
            assert not re.search(r"\\(?![\\n])", match[2]), line
            current = families[match[1]] = Family(match[1], match[2])
        elif match := re.fullmatch(rf"# TYPE ({_NAME}) (gauge|counter)", line):
            assert current is not None, line
            assert (current.name, current.type, current.samples) == (match[1], "", {}), line
            current.type = match[2]
        else:
            _read_sample(line, current)
    assert all(each.type and each.samples for each in families.values())
    return families


def _read_sample(line: str, current: Family | None) -> None:
    match = _SAMPLE.fullmatch(line)
    assert match is not None, line
    assert current is not None, line
    assert match[1] == current.name, line
    value = match[match.re.groups]
    assert _NUMBER.fullmatch(value), line
    labels = [(name, _unescape(text)) for name, text in re.findall(_LABEL, match[2] or "")]
    assert len({name for name, _ in labels}) == len(labels), line
    assert tuple(labels) not in current.samples, line
    current.samples[tuple(labels)] = value


def _unescape(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda match: _UNESCAPED[match[0]], text)
