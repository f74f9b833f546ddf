"""A real Kafka broker (KRaft) as a local process, for the demo and the tests.

One is a whole cluster; a second one may join it, so that some partitions can be out of reach.
"""

import logging
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from jobs.local.children import Child
from jobs.local.places import BROKER_JARS, RUN_DIR, jars, java_home
from jobs.local.ports import LOOPBACK, free_ports, listening
from jobs.local.waiting import wait_until

_START_SECONDS = 180
# Any fixed value in Kafka's form (16 bytes, base64url) will do.
_CLUSTER_ID = "TWV0ZXJjbG9zZUxvY2FsMQ"

_PROPERTIES = """\
{role}
controller.quorum.voters=1@{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={log_dir}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=4000
log.cleaner.dedupe.buffer.size=16777216
"""

_FIRST = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}"""
_SECOND = """\
process.roles=broker
node.id=2
listeners=PLAINTEXT://{host}:{port}"""

_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = Console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %m (%c{1})%n
"""


class Broker:
    """A Kafka broker on the loopback address, with its data in one folder.

    It can be stopped or killed and started again: same data, same port. Topics are never made by
    mere use. A context manager: starts on entry, stops on exit.

    Attributes:
        data_dir: folder with everything it writes; its log is `broker.log` in there.
        bootstrap_servers: `host:port` for clients.
        process: the running process, None while stopped.
    """

    def __init__(
        self,
        data_dir: Path = RUN_DIR / "kafka",
        port: int | None = None,
        joins: "Broker | None" = None,
    ) -> None:
        """Choose the ports.

        Args:
            data_dir: its folder.
            port: of a broker that is to come back where another one was.
            joins: the first broker of the cluster that this one is the second of; without it this
                is a cluster of its own. New partitions are spread over both, each in one copy.
        """
        free, controller_port = free_ports(2)
        self._port = port or free
        self._role = _FIRST if joins is None else _SECOND
        self._controller_port: int = controller_port if joins is None else joins._controller_port
        self.data_dir = data_dir
        self.bootstrap_servers = f"{LOOPBACK}:{self._port}"
        self.process: Child | None = None
        self._format_options: tuple[str, ...] = ()

    def start(self) -> None:
        """Start the broker, on new storage if there is none yet, and wait until it answers.

        Raises:
            SetupError: if Java or the broker's jars are missing.
            ChildError: if the broker ends instead of answering.
            TimeoutError: if it does not answer.
        """
        java = [
            str(java_home() / "bin" / "java"),
            "-Xmx512m",
            "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={self._write('log4j2.properties', _LOG4J)}",
            "-classpath",
            os.pathsep.join(str(jar) for jar in jars(BROKER_JARS)),
        ]
        properties = self._write_properties()
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format(java, properties)
        log_path = self.data_dir / "broker.log"
        command = [*java, "kafka.Kafka", str(properties)]
        self.process = Child("broker", command, os.environ, log_path)
        wait_until(self._answers, "answer of the broker", _START_SECONDS)

    def stop(self) -> None:
        """Stop the broker in an orderly way. Does nothing if it is stopped."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    def kill(self) -> None:
        """Kill the broker at once (SIGKILL). Does nothing if it is stopped."""
        if self.process is not None:
            self.process.kill()
            self.process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        assert self.process is not None
        self.process.check()
        return listening(self._port) and _is_member(self.bootstrap_servers, self._port)

    def _format(self, java: list[str], properties: Path) -> None:
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted"]
        command = [*java, *tool, "--cluster-id", _CLUSTER_ID, "--config", str(properties)]
        command += self._format_options
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"formatting the broker's storage failed: {done.stderr[-2000:]}")

    def _write_properties(self) -> Path:
        places = {
            "host": LOOPBACK,
            "port": self._port,
            "controller_port": self._controller_port,
        }
        role = self._role.format(**places)
        text = _PROPERTIES.format(**places, role=role, log_dir=self.data_dir / "log")
        return self._write("server.properties", text)

    def _write(self, name: str, text: str) -> Path:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / name
        path.write_text(text)
        return path


def _is_member(bootstrap_servers: str, port: int) -> bool:
    """Tell whether the broker names itself as a member of its cluster."""
    logger = logging.getLogger("kafka")
    level = logger.level
    # The client logs each try in vain as an error; here these are expected.
    logger.setLevel(logging.CRITICAL)
    try:
        client = KafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=5000)
        try:
            return any(each["port"] == port for each in client.describe_cluster()["brokers"])
        finally:
            client.close()
    except KafkaError:
        return False
    finally:
        logger.setLevel(level)
