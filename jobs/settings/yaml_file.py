"""Reads one YAML file strictly, in bounded time and memory; a mistake is a one-line error."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from jobs.settings.shapes import SettingsError
from jobs.settings.strict_yaml import load_strictly
from schemas.plain_form_reader import Steps, steps_text

_MAX_BYTES = 8 * 1024 * 1024


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
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise SettingsError("missing file", str(path), "a YAML file", "nothing") from None
    except (OSError, ValueError) as error:
        raise SettingsError("unreadable file", str(path), "UTF-8 text", str(error)) from None
    if len(content) > _MAX_BYTES:
        raise SettingsError("long file", str(path), f"at most {_MAX_BYTES} bytes", "more")
    try:
        root, plain = load_strictly(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SettingsError("bad YAML", line, "valid YAML", error.problem or "none") from None
    except yaml.YAMLError as error:
        raise SettingsError("bad YAML", str(path), "valid YAML", str(error)) from None
    return YamlFile(path, text_keys(plain, str(path)), root)


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
