"""Reads a pod's control group (cgroup v2), and finds it among those of a node.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html. The kubelet names a pod's group
`pod<uid>` (driver cgroupfs) or `...-pod<uid with underscores>.slice` (driver systemd).
"""

import os
import re
from pathlib import Path

from jobs.settings import SettingsError
from schemas.pod_usage import PodCounter, PodReading

_USAGE = re.compile(r"^usage_usec ([0-9]+)$", re.MULTILINE)
# The group of all pods, of a class of service, of the pod; some nodes have two more above.
_DEEPEST = 5


def find_cgroup(root: Path, pod_uid: str) -> Path:
    """Return the folder of a pod's control group below a root.

    Raises:
        SettingsError: There is none, or more than one.
    """
    ending = f"-pod{pod_uid.replace('-', '_')}.slice"
    found = sorted(_named(root, f"pod{pod_uid}", ending, _DEEPEST))
    if len(found) != 1:
        told = f"{len(found)}: {', '.join(map(str, found))}" if found else "none"
        expected = f"one folder of the pod {pod_uid}"
        raise SettingsError("control group", f"--cgroup-root {root}", expected, told)
    return found[0]


def check_cgroup(folder: Path) -> None:
    """Refuse a folder that is no control group of version 2 with both controllers.

    Raises:
        SettingsError: One line.
    """
    for name, form in (("cpu.stat", _USAGE), ("memory.current", re.compile(r"^[0-9]+$"))):
        expected = f"{name} of cgroup v2"
        try:
            text = (folder / name).read_text().strip()
        except OSError as error:
            found = error.strerror or str(error)
            raise SettingsError("control group", str(folder), expected, found) from None
        if not form.search(text):
            raise SettingsError("control group", str(folder / name), expected, repr(text))


def read_cgroup(folder: Path, pod_uid: str, boot_id: str, at_us: int, boot_us: int) -> PodReading:
    """Return what a control group says now.

    Args:
        folder: The group's folder.
        pod_uid: Whose group it is.
        boot_id: The kernel's id of this run of the node.
        at_us: The instant.
        boot_us: Time since the node started, in microseconds.

    Raises:
        SettingsError: The group is gone.
    """
    check_cgroup(folder)
    usage = _USAGE.search((folder / "cpu.stat").read_text())
    assert usage is not None, folder
    return PodReading(
        at_us=at_us,
        boot_us=boot_us,
        counter=PodCounter(boot_id, pod_uid, folder.stat().st_ino),
        cpu_us=int(usage[1]),
        memory_bytes=int((folder / "memory.current").read_text()),
    )


def _named(folder: Path, name: str, ending: str, depth: int) -> list[Path]:
    """Return the folders of that name, or with that ending, at most so deep in a folder."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            inside = sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []  # Pods end while their groups are looked through.
    except OSError as error:
        expected = "a folder that can be read"
        raise SettingsError("control group", str(folder), expected, str(error)) from None
    for each in inside:
        if each == name or each.endswith(ending):
            found.append(folder / each)
        elif depth > 1:
            found += _named(folder / each, name, ending, depth - 1)
    return found
