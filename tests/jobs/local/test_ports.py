"""Free ports are free, and stay out of the kernel's own range."""

import socket

from jobs.local.ports import LOOPBACK, free_ports, listening


def test_ports_are_different_and_free() -> None:
    """Each port is given once and nothing listens there."""
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert not any(listening(port) for port in ports)
    assert max(ports) < 32_768


def test_listening_is_seen() -> None:
    """A port with a server on it counts as taken."""
    with socket.create_server((LOOPBACK, 0)) as server:
        assert listening(server.getsockname()[1])
