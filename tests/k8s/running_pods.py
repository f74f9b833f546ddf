"""Runs the pods of the manifests from the folders that k8s/image/layout.sh builds.

In place of a container engine: each pod sees a root of its own, with what its image has, its
volumes, and the programs and libraries of this machine's /usr, and can write its emptyDirs only.
The machine's network and processes are shared.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.local.children import Child
from jobs.local.places import ROOT, java_home
from tests.k8s.manifests import Pod

DOCKERFILE = ROOT / "k8s" / "Dockerfile"
ENTER = ROOT / "tests" / "k8s" / "enter_pod.sh"
# What Debian has in /etc that programs read.
_ETC = ("alternatives", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "ssl")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """What an image has, in a folder.

    Attributes:
        target: Its stage in the Dockerfile.
        folder: What layout.sh made.
    """

    target: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the Dockerfile sets."""
        found = {"PATH": _DEFAULT_PATH}
        for block in re.findall(r"^ENV ((?:.*\\\n)*.*)$", self._stage, re.MULTILINE):
            found |= dict(re.findall(r"(\w+)=(\S+)", block))
        return found

    @property
    def entry_point(self) -> list[str]:
        """What the Dockerfile starts."""
        (found,) = re.findall(r'^ENTRYPOINT \["(.*)"\]$', self._stage, re.MULTILINE)
        return [found]

    @property
    def _stage(self) -> str:
        text = DOCKERFILE.read_text().partition(f"FROM ${{PYTHON_IMAGE}} AS {self.target}\n")[2]
        return text.partition("\nFROM ")[0]

    def mounts(self) -> Iterator[tuple[str, Path, str]]:
        """Yield what is seen in every pod of it: how, where it is, under which path."""
        for name in ("usr", "proc", "sys", "dev"):
            yield "rw" if name in ("proc", "dev") else "ro", Path("/", name), f"/{name}"
        for name in (*_ETC, *(path.name for path in Path("/etc").glob("java*"))):
            if Path("/etc", name).exists():
                yield "ro", Path("/etc", name), f"/etc/{name}"
        for part in ("etc", "opt"):
            for found in sorted((self.folder / part).iterdir()):
                yield "ro", found, f"/{part}/{found.name}"
        configured = (self.folder / "opt" / "meterclose" / "venv" / "pyvenv.cfg").read_text()
        (binaries,) = re.findall(r"^home = (.+)$", configured, re.MULTILINE)
        if not Path(binaries).is_relative_to("/usr"):
            yield "ro", Path(binaries).parent, str(Path(binaries).parent)
        if self.target == "stream":
            yield "ro", java_home().resolve(), "/opt/java/openjdk"


@dataclass(frozen=True, slots=True)
class Node:
    """Where pods run.

    Attributes:
        folder: For their volumes and logs.
        images: By target.
        files: Content of each Secret and ConfigMap that is mounted: by its name, then by key.
        secrets: Value of each key of a Secret that is a variable, by `NAME/KEY`.
        shared: What all pods see under the same path, in place of storage elsewhere.
        variables: Further variables of every pod.
    """

    folder: Path
    images: Mapping[str, Image]
    files: Mapping[str, Mapping[str, bytes]]
    secrets: Mapping[str, str]
    shared: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, pod: Pod, name: str, arguments: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a pod to its end, and return what it said.

        Args:
            pod: Of the batch image.
            name: Its own, of which there is no other.
            arguments: Of its container.
        """
        command, environment = self._prepare(pod, name, "batch", arguments)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    def start(
        self,
        pod: Pod,
        name: str,
        arguments: Sequence[str],
        files: Mapping[str, bytes] | None = None,
    ) -> Child:
        """Start a pod that runs on.

        Args:
            pod: Of the stream image where Flink makes it, else of the batch image.
            name: Its own, of which there is no other.
            arguments: Of its container.
            files: What Flink mounts as its configuration, by name.
        """
        target = "batch" if files is None else "stream"
        command, environment = self._prepare(pod, name, target, arguments, files)
        return Child(name, command, environment, self.folder / f"{name}.log")

    def _prepare(
        self,
        pod: Pod,
        name: str,
        target: str,
        arguments: Sequence[str],
        configuration: Mapping[str, bytes] | None = None,
    ) -> tuple[list[str], dict[str, str]]:
        folder = self.folder / name
        folder.mkdir()
        user = pod.spec["securityContext"]["runAsUser"]
        mounts = [*self.images[target].mounts(), *self._volumes(pod, folder, user)]
        mounts.append(("rw", self.shared, str(self.shared)))
        if configuration is not None:
            mounts.append(
                ("ro", _write(folder / "configuration", configuration), "/opt/flink/conf")
            )
        listed = folder / "mounts"
        listed.write_text("".join(f"{how} {source} {path}\n" for how, source, path in mounts))
        image = self.images[target]
        entered = [str(ENTER), str(listed), str(user), *image.entry_point, *arguments]
        return entered, {**image.environment, **self._variables(pod), **self.variables}

    def _volumes(self, pod: Pod, folder: Path, user: int) -> Iterator[tuple[str, Path, str]]:
        volumes = {each["name"]: each for each in pod.spec["volumes"]}
        for mount in pod.container["volumeMounts"]:
            volume, place = volumes[mount["name"]], folder / mount["name"]
            if "emptyDir" in volume:
                place.mkdir()
                os.chown(place, user, user)
                yield "rw", place, mount["mountPath"]
            else:
                yield "ro", _write(place, self._content(volume)), mount["mountPath"]

    def _content(self, volume: Mapping[str, Any]) -> Mapping[str, bytes]:
        if "configMap" in volume:
            (found,) = [
                content
                for name, content in self.files.items()
                if volume["configMap"]["name"].startswith(name)
            ]
            return found
        found = self.files[volume["secret"]["secretName"]]
        return {each["path"]: found[each["key"]] for each in volume["secret"]["items"]}

    def _variables(self, pod: Pod) -> dict[str, str]:
        found = {}
        for each in pod.container["env"]:
            reference = each.get("valueFrom", {}).get("secretKeyRef")
            name = f"{reference['name']}/{reference['key']}" if reference else ""
            found[each["name"]] = self.secrets[name] if reference else each["value"]
        return found


def _write(folder: Path, content: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, found in content.items():
        (folder / name).write_bytes(found)
    return folder
