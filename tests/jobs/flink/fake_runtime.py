"""What a stage asks of PyFlink, in memory, for one key: states, timers and a watermark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class FakeValue:
    """A value state."""

    def __init__(self) -> None:
        """Start empty."""
        self.kept: Any = None

    def value(self) -> Any:
        """Return the value."""
        return self.kept

    def update(self, value: Any) -> None:
        """Keep a value."""
        self.kept = value


class FakeList:
    """A list state."""

    def __init__(self) -> None:
        """Start empty."""
        self.kept: list[Any] = []

    def get(self) -> Iterator[Any]:
        """Return the values."""
        return iter(self.kept)

    def add(self, value: Any) -> None:
        """Keep one more."""
        self.kept.append(value)

    def update(self, values: Iterable[Any]) -> None:
        """Keep these instead."""
        self.kept = list(values)


class FakeMap(dict[str, str]):
    """A map state."""

    def put(self, key: str, value: str) -> None:
        """Keep a value."""
        self[key] = value

    def remove(self, key: str) -> None:
        """Forget a value that is there."""
        del self[key]


class FakeRuntime:
    """The states of one key, which outlive a run, and what timers are registered."""

    def __init__(self, key: int = 7) -> None:
        """Start without state."""
        self.key, self.watermark_ms = key, -1
        self.states: dict[str, Any] = {}
        self.timers_ms: set[int] = set()

    def get_state(self, descriptor: Any) -> Any:
        """Return a value state."""
        return self.states.setdefault(descriptor.name, FakeValue())

    def get_list_state(self, descriptor: Any) -> Any:
        """Return a list state."""
        return self.states.setdefault(descriptor.name, FakeList())

    def get_map_state(self, descriptor: Any) -> Any:
        """Return a map state."""
        return self.states.setdefault(descriptor.name, FakeMap())

    def get_current_key(self) -> int:
        """Return the key."""
        return self.key

    def timer_service(self) -> FakeRuntime:
        """Return what timers are asked of."""
        return self

    def current_watermark(self) -> int:
        """Return the watermark."""
        return self.watermark_ms

    def register_event_time_timer(self, at_ms: int) -> None:
        """Register a timer; the same one again changes nothing."""
        self.timers_ms.add(at_ms)

    def due(self, watermark_ms: int) -> Iterator[int]:
        """Advance the watermark; yield the timers that are due, in order."""
        self.watermark_ms = max(self.watermark_ms, watermark_ms)
        while self.timers_ms and min(self.timers_ms) <= self.watermark_ms:
            first_ms = min(self.timers_ms)
            self.timers_ms.remove(first_ms)
            yield first_ms
