"""Readings of a pod to try the rules of sampling with."""

from schemas.pod_usage import MeteredPod, PodCounter, PodReading

POD = MeteredPod("acme", "uid-1", "shop", "web-0", "node-1")
COUNTER = PodCounter("boot-1", "uid-1", 7)
T0_US = 1_764_547_200_000_000  # 2025-12-01T00:00:00Z
BOOT_US = 5_000_000


def reading(
    seconds: float,
    cpu_us: int = 0,
    memory_bytes: int = 0,
    counter: PodCounter = COUNTER,
) -> PodReading:
    """Return a reading so many seconds after the first."""
    after_us = round(seconds * 1_000_000)
    return PodReading(T0_US + after_us, BOOT_US + after_us, counter, cpu_us, memory_bytes)
