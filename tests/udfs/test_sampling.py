"""Readings become events: one rule after the other, on numbers worked out by hand."""

from dataclasses import replace

from schemas.instant import SECOND_US, to_text
from schemas.pod_usage import PodCounter, PodReading, PodState
from schemas.usage_event import UsageEvent
from tests.udfs.pod_readings import COUNTER, POD, T0_US, reading
from udfs.sampling import first_state, make_event, on_reading

HOLD_US = 120 * SECOND_US
GB = 10**9


def told(*readings: PodReading) -> tuple[list[UsageEvent], PodState]:
    """Return the events of an agent that has room for each, and its state after them."""
    state, events = first_state(readings[0], "s"), []
    for each in readings[1:]:
        state, event = make_event(on_reading(state, each, HOLD_US), POD)
        events += [event] if event else []
    return events, state


def numbers(event: UsageEvent) -> tuple[object, ...]:
    """Return what an event counts."""
    return tuple(event.data[name] for name in ("cpu_seconds", "memory_gb_hours", "unread_seconds"))


def test_an_event_says_all() -> None:
    """Identity, account, the time at which the usage began, exact decimals as text, dimensions."""
    (event,), state = told(reading(0, 250, 3 * GB), reading(60, 1_500_250, GB))
    assert event == UsageEvent(
        id="s-0",
        source="pod/uid-1",
        type="pod.usage",
        subject="acme",
        time_us=T0_US,
        data={
            "cpu_seconds": "1.5",
            "memory_gb_hours": "0.05",
            "unread_seconds": "0",
            "until": "2025-12-01T00:01:00Z",
            "namespace": "shop",
            "pod": "web-0",
            "node": "node-1",
        },
    )
    assert state.next_number == 1


def test_what_was_before_the_first_reading_is_not_counted() -> None:
    """A spool that is new cannot know whether another one has told it."""
    events, _ = told(reading(0, 10**9, GB))
    assert events == []


def test_an_idle_pod_without_memory_tells_nothing() -> None:
    """No event; and the next one begins where the idle time ended."""
    (event,), state = told(reading(0, 5), reading(60, 5), reading(120, 6))
    assert (numbers(event), event.time_us) == (("0.000001", "0", "0"), T0_US + 60 * SECOND_US)
    assert (event.id, state.next_number) == ("s-0", 1)


def test_memory_holds_from_its_reading_on() -> None:
    """The left rule: what is read last counts for the time after it."""
    events, _ = told(reading(0, 0, 36 * GB), reading(100, 0, 72 * GB), reading(200, 0, 0))
    assert [numbers(each)[1] for each in events] == ["1", "2"]


def test_less_than_a_billionth_is_carried_on() -> None:
    """7 bytes for half an hour, twice: 3 byte-hours and a half, then the rest with the other."""
    day = [reading(100 * step, 0, 7) for step in range(37)]
    events, state = told(*day)
    assert sum(int(str(numbers(each)[1]).replace("0.", "")) for each in events) == 7
    assert state.memory_byte_us == 0


def test_cpu_time_of_a_gap_is_charged_after_it() -> None:
    """The counter went on while nobody read; of memory two intervals count, the rest is unread."""
    (event,), _ = told(reading(0, 0, 36 * GB), reading(1000, 7_000_000, 0))
    assert numbers(event) == ("7", "1.2", "880")
    assert event.time_us == T0_US


def test_a_lower_value_is_a_counter_that_began_anew() -> None:
    """All that it says is new; no memory is counted over the change."""
    events, _ = told(reading(0, 900, GB), reading(60, 400, GB))
    assert [numbers(each) for each in events] == [("0.0004", "0", "60")]
    assert events[0].time_us == T0_US + 60 * SECOND_US


def test_another_boot_pod_or_group_is_another_counter() -> None:
    """Though its value is higher: each part of the counter's name tells them apart."""
    for other in (
        PodCounter("boot-2", "uid-1", 7),
        PodCounter("boot-1", "uid-2", 7),
        PodCounter("boot-1", "uid-1", 8),
    ):
        events, _ = told(reading(0, 900), reading(60, 1000, counter=other))
        assert [numbers(each)[0] for each in events] == ["0.001"]


def test_after_another_boot_the_wall_clock_tells_what_is_unread() -> None:
    """The node's own time began anew with it."""
    later = replace(reading(3600, 10, counter=PodCounter("boot-2", "uid-1", 7)), boot_us=1)
    events, _ = told(reading(0, 0, GB), later)
    assert [numbers(each) for each in events] == [("0.00001", "0", "3600")]


def test_a_wall_clock_that_steps_changes_no_quantity() -> None:
    """Memory goes by the time since boot; no event lies in the agent's own future."""
    back = replace(reading(60, 5, 0), at_us=T0_US - 3600 * SECOND_US)
    (event,), _ = told(reading(0, 0, 60 * GB), back)
    assert numbers(event) == ("0.000005", "1", "0")
    assert to_text(event.time_us) == "2025-11-30T23:00:00Z"


def test_usage_gathers_where_no_event_is_made() -> None:
    """As while the spool is full: the next event tells all, from the beginning on."""
    state = first_state(reading(0, 0, 36 * GB), "s")
    for step in range(1, 4):
        state = on_reading(state, reading(100 * step, step, 36 * GB), HOLD_US)
    _, event = make_event(state, POD)
    assert event is not None
    assert (numbers(event), event.time_us) == (("0.000003", "3", "0"), T0_US)


def test_a_new_counter_moves_no_usage_that_had_gathered() -> None:
    """What is untold keeps its beginning."""
    state = on_reading(first_state(reading(0, 0, 0), "s"), reading(60, 9, 0), HOLD_US)
    state = on_reading(state, reading(120, 4, 0, replace(COUNTER, cgroup_inode=8)), HOLD_US)
    _, event = make_event(state, POD)
    assert event is not None
    assert (numbers(event)[0], event.time_us) == ("0.000013", T0_US)
