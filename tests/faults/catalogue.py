"""The list of all faults, in the order in which they are tried."""

from tests.faults.commits import COMMITS
from tests.faults.disks import DISKS
from tests.faults.faults import Fault
from tests.faults.floods import FLOODS
from tests.faults.kafka_faults import KAFKA_FAULTS
from tests.faults.kills import KILLS
from tests.faults.mixing import MIXES
from tests.faults.savepoints import SAVEPOINTS
from tests.faults.stops import STOPS

FAULTS: tuple[Fault, ...] = (
    *KILLS,
    *COMMITS,
    *STOPS,
    *KAFKA_FAULTS,
    *DISKS,
    *FLOODS,
    *SAVEPOINTS,
    *MIXES,
)
"""All of them."""


def fault_named(name: str) -> Fault:
    """Return a fault by its name.

    Raises:
        KeyError: There is none of that name.
    """
    return {fault.name: fault for fault in FAULTS}[name]
