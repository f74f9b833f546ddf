"""What a metering agent knows of its pod: who it is, what was read, what is still to be told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeteredPod:
    """The pod whose usage is told, and whose usage it is.

    Attributes:
        account_id: The account.
        pod_uid: The pod's uid; no two pods ever have the same.
        namespace: Its namespace.
        pod: Its name.
        node: The node that it runs on.
    """

    account_id: str
    pod_uid: str
    namespace: str
    pod: str
    node: str


@dataclass(frozen=True, slots=True)
class PodCounter:
    """Which counter was read: one that differs in any part began at zero on its own.

    Attributes:
        boot_id: The kernel's id of this run of the node.
        pod_uid: Whose control group it is.
        cgroup_inode: The group's number; a group that was made anew has another.
    """

    boot_id: str
    pod_uid: str
    cgroup_inode: int


@dataclass(frozen=True, slots=True)
class PodReading:
    """What the files of a control group said at a moment.

    Attributes:
        at_us: Wall clock, an instant.
        boot_us: Time since the node started, in microseconds; no clock change moves it.
        counter: Which counter `cpu_us` is.
        cpu_us: CPU time used since the counter began, in microseconds.
        memory_bytes: Memory in use.
    """

    at_us: int
    boot_us: int
    counter: PodCounter
    cpu_us: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class PodState:
    """The last reading, and the usage that no event has told of yet.

    Attributes:
        spool_id: Of the spool that keeps it; part of every event's id.
        next_number: Number of the next event; those of a spool begin with 0.
        reading: The last reading.
        since_us: Since when usage is untold, wall clock.
        cpu_us: Untold CPU time, in microseconds.
        memory_byte_us: Untold bytes times microseconds.
        unread_us: Untold time for which no memory is counted, as nobody read it, in microseconds.
    """

    spool_id: str
    next_number: int
    reading: PodReading
    since_us: int
    cpu_us: int
    memory_byte_us: int
    unread_us: int
