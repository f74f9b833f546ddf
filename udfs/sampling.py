"""How readings of a pod's control group become usage events: each microsecond of CPU time once.

CPU time is a counter's difference between two readings, whatever happened between them; a counter
that began anew counts from zero. Memory is a level: what was read holds until the next reading
(the left rule), but never longer than `longest_hold_us`; time beyond that is unread, and told.
Both are whole numbers throughout: microseconds, and bytes times microseconds.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.stat, memory.current).
"""

from __future__ import annotations

from dataclasses import replace

from schemas.instant import HOUR_US, to_text
from schemas.pod_usage import MeteredPod, PodReading, PodState
from schemas.usage_event import UsageEvent

POD_USAGE_TYPE = "pod.usage"
_MICRO, _NANO = 6, 9


def first_state(reading: PodReading, spool_id: str) -> PodState:
    """Return the state of an agent whose spool is new: usage counts from its first reading on."""
    return PodState(spool_id, 0, reading, reading.at_us, 0, 0, 0)


def on_reading(state: PodState, reading: PodReading, longest_hold_us: int) -> PodState:
    """Add what was used since the last reading to what is untold.

    Args:
        state: As of the last reading.
        reading: The next one.
        longest_hold_us: How long a level of memory may hold, in microseconds.
    """
    last = state.reading
    if reading.counter != last.counter or reading.cpu_us < last.cpu_us:
        return _on_new_counter(state, reading)
    elapsed_us = max(0, reading.boot_us - last.boot_us)
    held_us = min(elapsed_us, longest_hold_us)
    return replace(
        state,
        reading=reading,
        cpu_us=state.cpu_us + reading.cpu_us - last.cpu_us,
        memory_byte_us=state.memory_byte_us + last.memory_bytes * held_us,
        unread_us=state.unread_us + elapsed_us - held_us,
    )


def make_event(state: PodState, pod: MeteredPod) -> tuple[PodState, UsageEvent | None]:
    """Tell what is untold; what is less than a billionth of a GB-hour stays for the next event.

    A GB is 10^9 bytes, so a billionth of a GB-hour is a byte for an hour.

    Args:
        state: What is untold.
        pod: Whose usage it is.

    Returns:
        The state after it, and the event; None if there is nothing to tell.
    """
    byte_hours, rest = divmod(state.memory_byte_us, HOUR_US)
    after = replace(state, since_us=state.reading.at_us, cpu_us=0, memory_byte_us=rest, unread_us=0)
    if not (state.cpu_us or byte_hours or state.unread_us):
        return after, None
    event = UsageEvent(
        id=f"{state.spool_id}-{state.next_number}",
        source=f"pod/{pod.pod_uid}",
        type=POD_USAGE_TYPE,
        subject=pod.account_id,
        # The period in which it began; a clock that stepped back must not make it the future.
        time_us=min(state.since_us, state.reading.at_us),
        data={
            "cpu_seconds": _decimal(state.cpu_us, _MICRO),
            "memory_gb_hours": _decimal(byte_hours, _NANO),
            "unread_seconds": _decimal(state.unread_us, _MICRO),
            "until": to_text(state.reading.at_us),
            "namespace": pod.namespace,
            "pod": pod.pod,
            "node": pod.node,
        },
    )
    return replace(after, next_number=state.next_number + 1), event


def _on_new_counter(state: PodState, reading: PodReading) -> PodState:
    """All that a new counter says is untold; of the memory in between nobody knows."""
    last = state.reading
    is_same_boot = reading.counter.boot_id == last.counter.boot_id
    passed_us = reading.boot_us - last.boot_us if is_same_boot else reading.at_us - last.at_us
    is_all_told = not (state.cpu_us or state.unread_us or state.memory_byte_us >= HOUR_US)
    return replace(
        state,
        reading=reading,
        # It began some time after the last reading, perhaps days: its own time is the nearest.
        since_us=reading.at_us if is_all_told else state.since_us,
        cpu_us=state.cpu_us + reading.cpu_us,
        unread_us=state.unread_us + max(0, passed_us),
    )


def _decimal(value: int, places: int) -> str:
    """Return a whole number of 10^-places as plain decimal text."""
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".")
