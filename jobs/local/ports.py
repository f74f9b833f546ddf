"""Free ports of the loopback address."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections (32768 on): while a server
# is down for a restart, nothing else is given its port, and no client connects to itself.
_CANDIDATES = range(20_000, 32_000)


def free_ports(count: int) -> tuple[int, ...]:
    """Return `count` different ports of the loopback address that nothing listens on."""
    found: list[int] = []
    for port in random.sample(_CANDIDATES, len(_CANDIDATES)):  # no secret  # nosec B311
        if len(found) == count:
            break
        if not listening(port):
            found.append(port)
    return tuple(found)


def listening(port: int) -> bool:
    """Tell whether something accepts connections on this port of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
