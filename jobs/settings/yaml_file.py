"""Reads one YAML file strictly: no repeated keys, no dates or octal surprises, one-line errors."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs.settings.shapes import SettingsError
from schemas.plain_form_reader import Steps, steps_text


class _StrictLoader(yaml.SafeLoader):
    """A SafeLoader that refuses repeated keys, and guesses as little as YAML 1.2 does.

    Dates, `010`, `1_000`, `1:30`, `no` and `off` stay the text that was written.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            name = str(key_node.value)
            if name in seen and name != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands twice", key_node.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


_TAG = "tag:yaml.org,2002"
_LEFT_OUT = (f"{_TAG}:timestamp", f"{_TAG}:int", f"{_TAG}:bool")
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    f"{_TAG}:int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789")
)
_StrictLoader.add_implicit_resolver(
    f"{_TAG}:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file holds, and where.

    Attributes:
        path: The file.
        content: Its mapping.
        root: The same as YAML has read it, with the place of each value.
    """

    path: Path
    content: dict[str, object]
    root: yaml.Node

    def where(self, steps: Steps) -> str:
        """Return where a value stands, or what should hold it: `file:line prices[0].tiers`."""
        node, line = self.root, self.root.start_mark.line
        for step in steps:
            child = _child(node, step)
            if child is None:
                break
            node, line = child
        return f"{self.path}:{line + 1} {steps_text(steps)}".rstrip()


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    """Return a part of a node and the line, from 0, in which it begins."""
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):
            if key.value == str(step):
                return value, key.start_mark.line
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line
    return None


def read_yaml(path: Path) -> dict[str, object]:
    """Return the mapping that the file holds.

    Raises:
        SettingsError: see `read_yaml_file`.
    """
    return read_yaml_file(path).content


def read_yaml_file(path: Path) -> YamlFile:
    """Return the mapping that the file holds, with the lines of its values.

    Raises:
        SettingsError: the file cannot be read, is not YAML, or is not a mapping with text keys.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError("missing file", str(path), "a YAML file", "nothing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("unreadable file", str(path), "UTF-8 text", str(error)) from None
    try:
        root, content = _load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SettingsError("bad YAML", line, "valid YAML", error.problem or "none") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError("bad YAML", str(path), "valid YAML", str(error)) from None
    return YamlFile(path, text_keys(content, str(path)), root)


def _load(text: str) -> tuple[Any, object]:
    """Return a text's YAML, with places and as plain values; it builds nothing else."""
    loader = _StrictLoader(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def text_keys(value: object, where: str) -> dict[str, object]:
    """Return the value as a mapping with text keys, or raises a SettingsError naming `where`."""
    if not isinstance(value, dict):
        raise SettingsError("bad value", where, "a mapping", type_name(value))
    for key in value:
        if not isinstance(key, str):
            raise SettingsError("bad key", where, "text keys", repr(key))
    return value


def type_name(value: object) -> str:
    """Name the kind of a value as a reader of YAML knows it."""
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}
    names |= {int: "a whole number", float: "a decimal number", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)
