"""YAML for configuration: no repeated keys, no dates or octal surprises, nothing without bound.

What a file may hold is bounded before it is built: how deep it is, how many values it comes to when
each alias stands for all that it names, and of which kinds they are. So what reads it may walk it.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

_MAX_DEPTH = 32
_MAX_VALUES = 500_000
_TAG = "tag:yaml.org,2002"
_LEFT_OUT = (f"{_TAG}:timestamp", f"{_TAG}:int", f"{_TAG}:bool")
_KINDS = ("null", "bool", "int", "float", "str", "seq", "map")
# No text that could be stored, shown or given to the system holds these.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class _StrictLoader(yaml.SafeLoader):
    """A SafeLoader that refuses repeated keys, and guesses as little as YAML 1.2 does.

    Dates, `010`, `1_000`, `1:30`, `no` and `off` stay the text that was written. Of the tags only
    those of JSON's kinds are known, each for what it fits.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        # Of each node that is complete: how many values it comes to, and how deep it is.
        self._sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _error(event, f"what is nested deeper than {_MAX_DEPTH}")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None:
            return None
        if not isinstance(event, yaml.AliasEvent):
            self._sizes[id(node)] = self._size_of(node)
        elif id(node) not in self._sizes:
            raise _error(event, f"the alias {event.anchor!r} within what it names")
        values, depth = self._sizes[id(node)]
        if values > _MAX_VALUES or self._depth + depth > _MAX_DEPTH:
            most = f"more than {_MAX_VALUES} values, or deeper than {_MAX_DEPTH}"
            raise _error(event, most)
        return node

    def _size_of(self, node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node comes to, and how deep it is."""
        _check_kind(self, node)
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        sizes = [self._sizes[id(part)] for part in parts]
        deepest = max((depth for _, depth in sizes), default=0)
        return 1 + sum(values for values, _ in sizes), 1 + deepest

    def tag_of(self, text: str) -> str:
        """Return what plain text without a tag would be."""
        loader: Any = self
        tag: str = loader.resolve(yaml.ScalarNode, text, (True, False))
        return tag

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _error(key_node, "a key that is no text")
            name = key_node.value
            if name in seen and name != "<<":
                raise _error(key_node, f"the key {name!r} stands twice")
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_int(self, node: yaml.ScalarNode) -> int:
        """Return a whole number; Python reads none of thousands of digits."""
        try:
            return int(node.value)
        except ValueError:
            raise _error(node, f"a number of {len(node.value)} digits") from None


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
_StrictLoader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag in {f"{_TAG}:{kind}" for kind in _KINDS}
}
_StrictLoader.add_constructor(f"{_TAG}:int", _StrictLoader.construct_int)


def load_strictly(text: str) -> tuple[Any, object]:
    """Return a text's YAML with places, and as plain values; it builds nothing else.

    Raises:
        yaml.YAMLError: It is no such YAML.
    """
    loader = _StrictLoader(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _check_kind(loader: _StrictLoader, node: yaml.Node) -> None:
    """Refuse a tag that does not fit what it stands at, and text that is none."""
    fitting = {f"{_TAG}:seq"} if isinstance(node, yaml.SequenceNode) else {f"{_TAG}:map"}
    if isinstance(node, yaml.ScalarNode):
        fitting = {loader.tag_of(node.value), f"{_TAG}:str"}
        if _NO_TEXT.search(node.value):
            raise _error(node, "text with characters that cannot be stored")
    if node.tag not in fitting:
        raise _error(node, f"the tag {node.tag!r} at what it does not fit")


def _error(at: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, at.start_mark)
