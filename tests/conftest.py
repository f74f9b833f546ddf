"""Fixtures that every test may use."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from jobs.local.broker import Broker
from tests.hypothesis_profiles import load_profile

load_profile()

_IMAGE = "confluentinc/cp-kafka:7.6.0"


class Kafka(Protocol):
    """A broker to test against.

    Attributes:
        bootstrap_servers: `host:port` for clients.
    """

    bootstrap_servers: str


class _ContainerKafka:
    """The broker in a container, where a Docker engine answers."""

    def __init__(self) -> None:
        # Imported only here: it takes a second, which most machines need not spend.
        from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415

        self._container = KafkaContainer(_IMAGE).with_kraft()
        self._container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        self._container.start()
        self.bootstrap_servers: str = self._container.get_bootstrap_server()

    def stop(self) -> None:
        self._container.stop()


def _docker_has_image() -> bool:
    """Tell whether a Docker engine answers and has the image; tests pull none."""
    if shutil.which("docker") is None:
        return False
    asked = ["docker", "image", "inspect", _IMAGE]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for all tests, which keep apart by the names of their topics.

    In a container where a Docker engine has its image, otherwise a local process.
    """
    if _docker_has_image():
        container = _ContainerKafka()
        yield container
        container.stop()
        return
    folder: Path = tmp_path_factory.mktemp("kafka")
    with Broker(folder) as broker:
        yield broker
