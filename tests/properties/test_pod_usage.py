"""Whatever happens to a pod and its agent, the events add up to what the node counted.

The world here is a naive one: it lists every stretch of time with what was used in it, and adds up
with fractions. Agents die and start from the last state that was kept; counters begin anew; events
are made or, while the spool is full, not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.pod_usage import PodCounter, PodReading, PodState
from schemas.usage_event import UsageEvent
from tests.udfs.pod_readings import POD
from udfs.sampling import first_state, make_event, on_reading

HOLD_US = 1000

steps = st.lists(
    st.tuples(
        st.sampled_from(["read"] * 6 + ["full", "new group", "new boot"]),
        st.integers(0, 3000),  # microseconds that pass before it
        st.integers(0, 10**7),  # CPU time used in them
        st.integers(0, 10**17),  # memory in use from now on
    ),
    max_size=30,
)


@dataclass
class World:
    """A node with one pod, and what an honest observer makes of it."""

    at_us: int = 10**15
    boot_us: int = 100
    boots: int = 0
    groups: int = 0
    cpu_us: int = 0
    memory: int = 0
    used_us: int = 0
    byte_us: int = 0
    unread_us: int = 0
    last: PodReading | None = None
    events: list[UsageEvent] = field(default_factory=list)

    def pass_time(self, elapsed_us: int, cpu_us: int) -> None:
        """Let the pod run."""
        self.at_us += elapsed_us
        self.boot_us += elapsed_us
        self.cpu_us += cpu_us

    def read(self) -> PodReading:
        """Return a reading, and count by hand what an agent may know since the last one."""
        counter = PodCounter(f"boot-{self.boots}", "uid-1", self.groups)
        now = PodReading(self.at_us, self.boot_us, counter, self.cpu_us, self.memory)
        if self.last is not None:
            is_same = counter == self.last.counter
            self.used_us += self.cpu_us - self.last.cpu_us if is_same else self.cpu_us
            elapsed_us = self.at_us - self.last.at_us
            known_us = min(elapsed_us, HOLD_US) if is_same else 0
            self.byte_us += self.last.memory_bytes * known_us
            self.unread_us += elapsed_us - known_us
        self.last = now
        return now


def run(world: World, what: list[tuple[str, int, int, int]]) -> PodState:
    """Let an agent live through the steps, and once more with room at the end."""
    kept = first_state(world.read(), "s")
    for kind, elapsed_us, cpu_us, memory in [*what, ("read", 1, 0, 0)]:
        world.pass_time(elapsed_us, cpu_us)
        world.memory = memory
        if kind == "new boot":
            world.boots, world.boot_us, world.cpu_us = world.boots + 1, 1, cpu_us
        if kind == "new group":
            world.groups, world.cpu_us = world.groups + 1, cpu_us
        state = on_reading(kept, world.read(), HOLD_US)
        if kind == "full":
            kept = state
            continue
        after, event = make_event(state, POD)
        kept = after
        world.events += [event] if event else []
    return kept


def total(events: list[UsageEvent], name: str) -> Fraction:
    """Add up what events count, exactly."""
    return sum((Fraction(str(each.data[name])) for each in events), Fraction(0))


@given(steps)
def test_events_add_up_to_what_the_node_counted(what: list[tuple[str, int, int, int]]) -> None:
    """CPU time and unread time to the microsecond, memory to the byte and microsecond."""
    world = World()
    state = run(world, what)
    assert total(world.events, "cpu_seconds") == Fraction(world.used_us, 10**6)
    assert total(world.events, "unread_seconds") == Fraction(world.unread_us, 10**6)
    told = total(world.events, "memory_gb_hours") * 3_600_000_000 * 10**9
    assert told + state.memory_byte_us == world.byte_us
    assert 0 <= state.memory_byte_us < 3_600_000_000
    assert state.cpu_us == state.unread_us == 0


@given(steps)
def test_no_two_events_have_one_identity(what: list[tuple[str, int, int, int]]) -> None:
    """Ids count on through deaths; no event lies after what it tells of."""
    world = World()
    state = run(world, what)
    assert [each.id for each in world.events] == [f"s-{n}" for n in range(state.next_number)]
    assert all(each.time_us <= world.at_us for each in world.events)


@given(steps, st.data())
def test_an_agent_that_dies_tells_the_same_in_fewer_events(
    what: list[tuple[str, int, int, int]], data: st.DataObject
) -> None:
    """Readings that were lost with the agent change no CPU time: the counter went on."""
    world = World()
    kept = first_state(world.read(), "s")
    for _, elapsed_us, cpu_us, _ in what:
        world.pass_time(elapsed_us, cpu_us)
        state, event = make_event(on_reading(kept, world.read(), HOLD_US), POD)
        if data.draw(st.booleans(), "is on disk"):
            kept = state
            world.events += [event] if event else []
    _, event = make_event(on_reading(kept, world.read(), HOLD_US), POD)
    world.events += [event] if event else []
    assert total(world.events, "cpu_seconds") == Fraction(world.used_us, 10**6)
