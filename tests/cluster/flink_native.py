"""Flink's own Kubernetes client and processes, with a manifest's options, against a real API.

What the operator does with a FlinkDeployment is done here: its options, images, sizes, accounts and
templates become Flink's configuration, and Flink makes the JobManager's Deployment of it. No node
runs pods, so Flink's processes are started beside the API instead, with the tokens of the accounts
that their pods have.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs.local.children import Child
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import jars, java_home
from jobs.local.ports import LOOPBACK, free_ports
from tests.cluster.control_plane import Cluster
from tests.jobs.secure_broker import STORE_PASSWORD, make_certificate, trust_certificate
from tests.k8s.manifests import merge, named

_HERE = Path(__file__).parent
NAME = "meterclose"
_CERTIFICATE = "certificate.pem"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of Flink.

    Attributes:
        child: It.
        log_dir: Where it writes its logs.
        rest_port: Of a JobManager: that of its REST interface.
        certificate: Its certificate.
    """

    child: Child
    log_dir: Path
    rest_port: int
    certificate: Path

    def log(self) -> str:
        """Return all that it has written."""
        return "".join(path.read_text() for path in sorted(self.log_dir.iterdir()))

    def ask(self, path: str) -> Any:
        """Return what the REST interface answers; None while it does not."""
        url = f"https://{LOOPBACK}:{self.rest_port}{path}"
        context = ssl.create_default_context(cafile=self.certificate)
        try:
            with urllib.request.urlopen(url, context=context) as answer:
                return json.load(answer)
        except OSError:
            self.child.check()
            return None


@dataclass(frozen=True, slots=True)
class Native:
    """Flink in native Kubernetes mode.

    Attributes:
        cluster: The API.
        namespace: That of the overlay.
        home: Folders of Flink.
        options: What the operator would configure it with.
        arguments: Entry class and arguments of the job.
    """

    cluster: Cluster
    namespace: str
    home: FlinkHome
    options: Mapping[str, str]
    arguments: tuple[str, ...]

    def deploy(self) -> None:
        """Let Flink's client make the JobManager's Deployment, with every right."""
        conf = {**self.options, "kubernetes.config.file": str(self.cluster.admin)}
        self.home.prepare(conf)
        classes = ":".join(map(str, jars(self.home.lib_dir)))
        command = [str(java_home() / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-cp", classes]
        command += [str(_HERE / "Deploy.java"), str(self.home.conf_dir), *self.arguments]
        environment = {**self.home.environment(), "KUBECONFIG": str(self.cluster.admin)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    def _templates(self) -> Path:
        """Return a folder with what Flink's client mounts into the JobManager's pod for it."""
        name = f"pod-template-{NAME}"
        told = self.cluster.kubectl("-n", self.namespace, "get", "configmap", name, "-o", "json")
        folder = self.home.work_dir / "pod-template"
        folder.mkdir(exist_ok=True)
        for name, text in json.loads(told)["data"].items():
            (folder / name).write_text(text)
        return folder

    def start(self, account: str, command: str, options: Mapping[str, str]) -> Process:
        """Start a process of Flink with the rights of an account of the namespace.

        Args:
            account: A ServiceAccount.
            command: As a shell in the pod would run it.
            options: More for Flink.
        """
        rights = {"kubernetes.config.file": str(self.cluster.account(self.namespace, account))}
        ports = _ports()
        home = FlinkHome(self.home.work_dir / account, self.home.distribution)
        home.prepare({**self.options, **options, **rights, **_passwords(), **ports})
        found = home.environment()
        programs = f"{home.distribution / 'bin'}{os.pathsep}{found['PATH']}"
        environment = {
            **found,
            "PATH": programs,
            "_POD_IP_ADDRESS": LOOPBACK,
            "_POD_NODE_ID": "here",
        }
        log = home.log_dir / "console.log"
        enter = [str(_HERE / "in_pod.sh"), str(self._templates()), "bash", "-c", command]
        child = Child(account, enter, environment, log)
        certificate = self.home.work_dir / _CERTIFICATE
        return Process(child, home.log_dir, int(ports["rest.port"]), certificate)


def native(cluster: Cluster, overlay: str, folder: Path) -> Native:
    """Return Flink as a manifest configures it; what needs storage has a folder in its place."""
    deployment = named(overlay, "FlinkDeployment", NAME)
    spec = deployment["spec"]
    namespace = deployment["metadata"]["namespace"]
    home = FlinkHome(folder, flink_distribution())
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        name: value
        for name, value in spec["flinkConfiguration"].items()
        if not name.startswith("kubernetes.operator.")
    }
    options |= _given(spec, namespace) | _here(folder, options)
    for kind in ("jobManager", "taskManager"):
        path = folder / f"{kind}.yaml"
        template = merge(spec["podTemplate"], spec[kind].get("podTemplate", {}))
        path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", **template}))
        options[f"kubernetes.pod-template-file.{kind.lower()}"] = str(path)
    job = spec["job"]
    options["pipeline.jars"] = job["jarURI"]
    return Native(cluster, namespace, home, options, (job["entryClass"], *job["args"]))


def _given(spec: Mapping[str, Any], namespace: str) -> dict[str, str]:
    """Return the options that the operator makes of the fields of a FlinkDeployment."""
    jobs, tasks = spec["jobManager"], spec["taskManager"]
    return {
        "execution.target": "kubernetes-application",
        "kubernetes.cluster-id": NAME,
        "kubernetes.namespace": namespace,
        "kubernetes.container.image.ref": spec["image"],
        "kubernetes.container.image.pull-policy": spec["imagePullPolicy"],
        "kubernetes.service-account": spec["serviceAccount"],
        "kubernetes.jobmanager.replicas": str(jobs.get("replicas", 1)),
        "kubernetes.jobmanager.cpu.amount": str(jobs["resource"]["cpu"]),
        "jobmanager.memory.process.size": jobs["resource"]["memory"],
        "kubernetes.taskmanager.cpu.amount": str(tasks["resource"]["cpu"]),
        "taskmanager.memory.process.size": tasks["resource"]["memory"],
        "parallelism.default": str(spec["job"]["parallelism"]),
    }


def _here(folder: Path, options: Mapping[str, str]) -> dict[str, str]:
    """Return folders of this machine for those on S3, and key stores of its own."""
    stores = {kind: folder / f"{kind}.jks" for kind in ("keystore", "truststore")}
    make_certificate(stores["keystore"], folder / _CERTIFICATE, "JKS")
    trust_certificate(stores["truststore"], folder / _CERTIFICATE)
    found = {
        name: (folder / "state").as_uri()
        for name, value in options.items()
        if value.startswith("s3://")
    }
    # The trust store's password is the manifest's.
    for store in ("internal", "rest"):
        found |= {f"security.ssl.{store}.{kind}": str(path) for kind, path in stores.items()}
    return found


def _passwords() -> dict[str, str]:
    """Return what the image's entry point adds from a Secret."""
    return {
        f"security.ssl.{store}.{what}-password": STORE_PASSWORD
        for store in ("internal", "rest")
        for what in ("keystore", "key")
    }


def _ports() -> dict[str, str]:
    """Return free ports: here both processes share one address, which pods do not."""
    names = (
        "jobmanager.rpc.port",
        "blob.server.port",
        "taskmanager.rpc.port",
        "taskmanager.data.port",
        "rest.port",
        "metrics.reporter.prom.port",
    )
    found = dict(zip(names, map(str, free_ports(len(names))), strict=True))
    return {**found, "high-availability.jobmanager.port": found["jobmanager.rpc.port"]}
