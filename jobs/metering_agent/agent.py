"""One reading after the other: what it tells goes to the spool before anybody sends it."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.metering_agent.spool import Spool, SpoolFullError
from jobs.metering_agent.spool_lines import KeptEvent
from schemas.pod_usage import MeteredPod, PodReading, PodState
from schemas.usage_event import encode_usage_event
from udfs.sampling import first_state, make_event, on_reading


@dataclass(slots=True)
class Agent:
    """Meters one pod.

    Attributes:
        pod: Whose usage is told.
        spool: Where it is kept.
        longest_hold_us: How long a level of memory may hold, in microseconds.
        new_spool_id: The id of a spool that is new; no other may have it.
        tell: Is told when the spool or the disk is full, and when it no longer is.
    """

    pod: MeteredPod
    spool: Spool
    longest_hold_us: int
    new_spool_id: str
    tell: Callable[[str], None]
    _state: PodState | None = None
    _told: str = ""

    def take(self, reading: PodReading) -> None:
        """Add a reading, and keep what it tells.

        Raises:
            OSError: The disk failed.
        """
        # It is ahead of the spool's only while the disk is full.
        last = self._state or self.spool.state
        if last is None:
            state = first_state(reading, self.new_spool_id)
        else:
            state = on_reading(last, reading, self.longest_hold_us)
        trouble = ""
        if self.spool.has_room():
            self._state, event = make_event(state, self.pod)
            kept = None
            if event is not None:
                payload = encode_usage_event(event)
                kept = KeptEvent(state.next_number, event.subject, payload)
        else:
            self._state, kept = state, None
            trouble = "the spool is full: usage gathers, and the next event tells it all"
        try:
            self.spool.keep(self._state, kept)
        except SpoolFullError as error:
            # The event is nowhere, so its usage is still untold.
            self._state = state
            trouble = f"the disk is full: usage gathers in memory: {error}"
        if trouble != self._told:
            self.tell(trouble or "the spool has room again")
        self._told = trouble
