"""A real Kubernetes API on this machine: etcd, API server and controllers, but no node.

What is applied is judged by the real thing (fields, Pod Security, rights) and pods are made of it;
nothing runs them. Where the processes listen is the loopback address alone.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs.local.children import Child
from jobs.local.places import RUN_DIR
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until

PROGRAMS = RUN_DIR / "control-plane"
_ADMIN_TOKEN = "only-for-this-machine"
_SECONDS = 120
# Those that make pods and accounts, and those that remove what they made.
_CONTROLLERS = (
    "cronjob-controller,deployment-controller,garbage-collector-controller,job-controller,"
    "namespace-controller,replicaset-controller,root-ca-certificate-publisher-controller,"
    "serviceaccount-controller,ttl-after-finished-controller"
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes API, and how to speak to it.

    Attributes:
        url: Of the API server.
        certificate: Who signed its certificate.
        folder: Files of ours: kubeconfigs.
    """

    url: str
    certificate: Path
    folder: Path

    @property
    def admin(self) -> Path:
        """A kubeconfig with every right."""
        return self.kubeconfig("admin", _ADMIN_TOKEN)

    def account(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with the rights of a ServiceAccount, by a token of an hour."""
        token = self.kubectl("-n", namespace, "create", "token", name).strip()
        return self.kubeconfig(name, token, namespace)

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """Run kubectl with every right; return what it prints, or fail with what it says."""
        done = self.try_kubectl(*arguments, text=text)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def try_kubectl(
        self, *arguments: str, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl with every right."""
        command = [str(PROGRAMS / "kubectl"), "--kubeconfig", str(self.admin), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def get(self, namespace: str, kind: str) -> list[dict[str, Any]]:
        """Return all objects of a kind."""
        told = self.kubectl("-n", namespace, "get", kind, "-o", "json")
        return json.loads(told)["items"]  # type: ignore[no-any-return]

    def schedule(self, namespace: str, pod: str) -> None:
        """Give a pod a node, as a scheduler does: Flink only knows pods that have one."""
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "here"},
        }
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/binding"
        self.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(binding))

    def kubeconfig(self, name: str, token: str, namespace: str = "default") -> Path:
        """Write a kubeconfig for whoever has a token; return its path."""
        path = self.folder / f"{name}.kubeconfig"
        server = {"server": self.url, "certificate-authority": str(self.certificate)}
        context = {"cluster": "here", "user": name, "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": server}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "here", "context": context}],
            "current-context": "here",
        }
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        return path


@contextmanager
def control_plane(folder: Path) -> Iterator[Cluster]:
    """Start a Kubernetes API; it ends with the context.

    Args:
        folder: An empty folder for all of its files.
    """
    keys = folder / "keys"
    keys.mkdir()
    key = keys / "accounts.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    tokens = keys / "tokens.csv"
    tokens.write_text(f"{_ADMIN_TOKEN},admin,admin,system:masters\n")
    store, peers, secure = free_ports(3)
    cluster = Cluster(f"https://{LOOPBACK}:{secure}", keys / "apiserver.crt", keys)
    with ExitStack() as ends:
        for name, command in (
            ("etcd", _etcd(folder / "etcd", store, peers)),
            ("kube-apiserver", _api_server(keys, store, secure)),
        ):
            _start(ends, folder, name, command)
        wait_until(lambda: _is_ready(cluster), "readiness of the API server", _SECONDS)
        _start(ends, folder, "kube-controller-manager", _controllers(cluster, key))
        yield cluster


def _start(ends: ExitStack, folder: Path, name: str, command: Sequence[str]) -> None:
    child = Child(name, [str(PROGRAMS / name), *command], {}, folder / f"{name}.log")
    ends.callback(child.stop)


def _etcd(folder: Path, port: int, peers: int) -> list[str]:
    client, peer = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{peers}"
    return [
        f"--data-dir={folder}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync=true",
    ]


def _api_server(keys: Path, store: int, port: int) -> list[str]:
    key = keys / "accounts.pem"
    return [
        f"--etcd-servers=http://{LOOPBACK}:{store}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--cert-dir={keys}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={keys / 'tokens.csv'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.96.0.0/24",
    ]


def _controllers(cluster: Cluster, key: Path) -> list[str]:
    return [
        f"--kubeconfig={cluster.admin}",
        f"--service-account-private-key-file={key}",
        f"--root-ca-file={cluster.certificate}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--controllers={_CONTROLLERS}",
    ]


def _is_ready(cluster: Cluster) -> bool:
    """Tell whether the API server has written its certificate and says that it is ready."""
    if not cluster.certificate.exists():
        return False
    return cluster.try_kubectl("get", "--raw", "/readyz").returncode == 0
