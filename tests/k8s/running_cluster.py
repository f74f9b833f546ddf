"""The overlay `dev` on this machine: its pods, with only what needs a cluster replaced.

Replaced are: storage and catalog, by a folder that all pods see; Kafka's address; addresses and
ports of Flink, as all pods are on one network here; and high availability, which needs Kubernetes.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import yaml

from jobs.local.children import Child
from jobs.local.flink_rest import FlinkRest
from jobs.local.ports import LOOPBACK, free_ports
from jobs.settings import KafkaSettings, Settings, load_settings
from tests.jobs.secure_broker import (
    STORE_PASSWORD,
    SecureBroker,
    login_of,
    make_certificate,
    trust_certificate,
)
from tests.k8s.manifests import Pod, config_files, flink_pods, of_kind, program_pods
from tests.k8s.running_pods import Image, Node

OVERLAY = "dev"
# The login as docs/kubernetes.md gives it, with the connector's long name.
_MODULE = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule"
_PUBLISH = """
import json, os, sys
from jobs.kafka_clients import open_producer
from jobs.settings import load_settings
kafka = load_settings("/etc/meterclose/settings.yaml", os.environ).kafka
with open_producer(kafka) as producer:
    for each in json.loads(sys.argv[1]):
        key, value = each["subject"].encode(), json.dumps(each).encode()
        producer.send(kafka.usage_topic, key=key, value=value)
    producer.flush()
"""


@dataclass(slots=True)
class RunningCluster:
    """The pods of the overlay, of which some run. A context manager: ends them all.

    Attributes:
        node: Where they run.
        settings: The product's, as the pods have them.
        certificate: Who signed Flink's certificate, PEM.
        rest: Flink's REST interface.
        metrics_ports: Where JobManager and TaskManager tell their metrics.
    """

    node: Node
    settings: Settings
    certificate: Path
    rest: FlinkRest
    metrics_ports: tuple[int, int]
    _configuration: Mapping[str, str]
    _running: ExitStack

    def program(self, name: str, arguments: Sequence[str] | None = None) -> str:
        """Run the pod of a job or cron job to its end; return what it printed.

        Args:
            name: Of the object.
            arguments: Others than the manifest's, as one does by hand.
        """
        done = self._run(name, arguments)
        assert done.returncode == 0, f"{name}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def passes(self, name: str) -> bool:
        """Tell whether the pod of a cron job finds nothing wrong."""
        return self._run(name, None).returncode == 0

    def start(self, name: str, arguments: Sequence[str] | None = None) -> Child:
        """Start the pod of a deployment.

        Args:
            name: Of the object.
            arguments: Others than the manifest's.
        """
        pod = self._pod(name)
        return self._keep(self.node.start(pod, name, arguments or pod.container["args"]))

    def start_job_manager(self) -> Child:
        """Start the JobManager, with the job."""
        (deployment,) = of_kind(OVERLAY, "FlinkDeployment")
        job = deployment["spec"]["job"]
        command = ["standalone-job.sh", "start-foreground", "--job-classname", job["entryClass"]]
        pod = flink_pods(OVERLAY)[0]
        return self._start_flink(pod, "jobmanager", [*command, *job["args"]], self.metrics_ports[0])

    def start_task_manager(self, name: str = "taskmanager") -> Child:
        """Start the TaskManager; a second one takes the place of one that has ended.

        Args:
            name: Of the pod, which no other has had.
        """
        command = ["taskmanager.sh", "start-foreground"]
        return self._start_flink(flink_pods(OVERLAY)[1], name, command, self.metrics_ports[1])

    def publish(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Publish usage from a pod of the batch image."""
        self.program("publish-accounts", ["-c", _PUBLISH, json.dumps(events)])

    def kafka(self, broker: SecureBroker) -> KafkaSettings:
        """Return how to reach the overlay's topics from outside of its pods."""
        return replace(self.settings.kafka, properties=broker.settings.properties)

    def _start_flink(self, pod: Pod, name: str, command: Sequence[str], metrics_port: int) -> Child:
        options = {**self._configuration, "metrics.reporter.prom.port": str(metrics_port)}
        flink = self.node.images["stream"].folder / "opt" / "flink"
        files = {
            "config.yaml": yaml.safe_dump(options).encode(),
            "log4j-console.properties": (flink / "conf" / "log4j-console.properties").read_bytes(),
        }
        return self._keep(self.node.start(pod, name, command, files))

    def _run(self, name: str, arguments: Sequence[str] | None) -> subprocess.CompletedProcess[str]:
        pod = self._pod(name)
        place = f"{name}-{len(list(self.node.folder.iterdir()))}"
        return self.node.run(pod, place, arguments or pod.container["args"])

    def _pod(self, name: str) -> Pod:
        (found,) = [each for each in program_pods(OVERLAY) if each.owner.endswith(f" {name}")]
        return found

    def _keep(self, child: Child) -> Child:
        self._running.callback(child.stop)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


def make_cluster(
    folder: Path, images: Mapping[str, Image], broker: SecureBroker, files: Mapping[str, str]
) -> RunningCluster:
    """Prepare the overlay on this machine.

    Args:
        folder: For all that is written.
        images: By target.
        broker: A broker with TLS and logins.
        files: Files of the overlay's config in place of the example's, by name.
    """
    shared = folder / "shared"
    shared.mkdir()
    # The user of the pods.
    os.chown(shared, 9999, 9999)
    settings = _write_settings(folder, shared, broker, files)
    keystore, certificate = folder / "keystore.jks", folder / "flink.pem"
    make_certificate(keystore, certificate, "JKS")
    truststore = folder / "truststore.jks"
    trust_certificate(truststore, certificate)
    node = Node(
        folder / "pods",
        images,
        {
            "meterclose-settings": {
                path.name: path.read_bytes() for path in (folder / "config").iterdir()
            },
            "meterclose-kafka": {"ca.crt": broker.certificate.read_bytes()},
            "meterclose-flink-tls": {"keystore.jks": keystore.read_bytes()},
            "meterclose-flink-trust": {"truststore.jks": truststore.read_bytes()},
        },
        {
            "meterclose-kafka/sasl-jaas-config": login_of(f"{_MODULE} required"),
            "meterclose-storage/access-key-id": "hidden-1",
            "meterclose-storage/secret-access-key": "hidden-2",
            "meterclose-catalog/user": "hidden-3",
            "meterclose-catalog/password": "hidden-4",
            "meterclose-flink-tls-password/password": STORE_PASSWORD,
        },
        shared,
        {"METERCLOSE_FLINK_CHECKPOINT_DIR": (shared / "checkpoints").as_uri()},
    )
    node.folder.mkdir()
    rest_port, *ports = free_ports(7)
    return RunningCluster(
        node,
        load_settings(settings, node.variables),
        certificate,
        FlinkRest(f"https://{LOOPBACK}:{rest_port}"),
        (ports[4], ports[5]),
        _configuration(shared, rest_port, ports[:4]),
        ExitStack(),
    )


def _write_settings(
    folder: Path, shared: Path, broker: SecureBroker, files: Mapping[str, str]
) -> Path:
    config = folder / "config"
    config.mkdir()
    for name, text in {**config_files(OVERLAY), **files}.items():
        (config / name).write_text(text)
    path = config / "settings.yaml"
    content = yaml.safe_load(path.read_text())
    content["kafka"]["bootstrap_servers"] = broker.bootstrap_servers
    content["catalog"] = {
        "type": "sqlite",
        "uri": str(shared / "catalog.db"),
        "warehouse": str(shared / "warehouse"),
        "namespace": content["catalog"]["namespace"],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def _configuration(shared: Path, rest_port: int, ports: Sequence[int]) -> dict[str, str]:
    """Return the deployment's options, with what the operator and Flink add to them."""
    (deployment,) = of_kind(OVERLAY, "FlinkDeployment")
    spec = deployment["spec"]
    options = dict(spec["flinkConfiguration"])
    for option in ("high-availability.storageDir", "high-availability.jobmanager.port"):
        del options[option]
    names = (
        "jobmanager.rpc.port",
        "blob.server.port",
        "taskmanager.rpc.port",
        "taskmanager.data.port",
    )
    assert {*names, "rest.port"} <= set(options)
    return {
        **options,
        **{name: str(port) for name, port in zip(names, ports, strict=True)},
        "high-availability.type": "NONE",
        "execution.checkpointing.dir": (shared / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (shared / "savepoints").as_uri(),
        "jobmanager.rpc.address": LOOPBACK,
        "taskmanager.host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.port": str(rest_port),
        "jobmanager.memory.process.size": spec["jobManager"]["resource"]["memory"],
        "taskmanager.memory.process.size": spec["taskManager"]["resource"]["memory"],
    }
