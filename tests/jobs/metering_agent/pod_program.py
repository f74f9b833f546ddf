"""The program `jobs.meter_pod` as a process, with everything it needs in one folder."""

import sys
from pathlib import Path

from jobs.local.children import Child
from tests.jobs.metering_agent.fake_node import POD_UID

ROOT = Path(__file__).parents[3]
SETTINGS = ROOT / "k8s/examples/metered-app/agent.yaml"


def arguments(folder: Path, *more: str) -> list[str]:
    """Return the arguments of an agent whose node and spool are in a folder.

    Args:
        folder: With the control groups in `node`.
        more: Further arguments; the last of two counts.
    """
    return [
        *("--settings", str(SETTINGS), "--account", "acme", "--pod-uid", POD_UID),
        *("--pod", "web-0", "--namespace", "shop", "--node", "node-1"),
        *("--cgroup-root", str(folder / "node"), "--spool", str(folder / "spool"), *more),
    ]


def environ(bootstrap_servers: str, topic: str) -> dict[str, str]:
    """Return the environment that points an agent at a topic without a login."""
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "METERCLOSE_KAFKA_USAGE_TOPIC": topic,
        "METERCLOSE_KAFKA_PROPERTY_SECURITY_PROTOCOL": "PLAINTEXT",
    }


def start(folder: Path, bootstrap_servers: str, topic: str, *more: str) -> Child:
    """Start an agent; its output is `agent.log` in the folder."""
    command = [sys.executable, "-m", "jobs.meter_pod", *arguments(folder, *more)]
    return Child("agent", command, environ(bootstrap_servers, topic), folder / "agent.log")
