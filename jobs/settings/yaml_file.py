"""Reads one YAML file strictly: no repeated keys, no dates or octal surprises, one-line errors."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from jobs.settings.shapes import SettingsError


class _StrictLoader(yaml.SafeLoader):
    """A SafeLoader that refuses repeated keys and leaves dates as the text that was written."""

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


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[str, object]:
    """Return the mapping that the file holds.

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
        # _StrictLoader is a SafeLoader: it builds plain values only.
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SettingsError("bad YAML", line, "valid YAML", error.problem or "none") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError("bad YAML", str(path), "valid YAML", str(error)) from None
    return text_keys(content, str(path))


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
