"""The control group of a pod is found as the kubelet names it, and read as the kernel writes it."""

from pathlib import Path

import pytest

from jobs.metering_agent.reading_cgroup import check_cgroup, find_cgroup, read_cgroup
from jobs.settings import SettingsError
from schemas.pod_usage import PodCounter, PodReading
from tests.jobs.metering_agent.fake_node import POD_UID, SLICE, FakeGroup

UNDERSCORED = POD_UID.replace("-", "_")


@pytest.mark.parametrize(
    "place",
    [
        SLICE,
        f"kubepods-pod{UNDERSCORED}.slice",
        f"kubepods-besteffort.slice/kubepods-besteffort-pod{UNDERSCORED}.slice",
        f"kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{UNDERSCORED}.slice",
        f"burstable/pod{POD_UID}",
        f"pod{POD_UID}",
    ],
)
def test_a_pod_is_found_by_its_uid(tmp_path: Path, place: str) -> None:
    """Both drivers of the kubelet, all classes of service, and a kubelet with a root of its own."""
    group = FakeGroup(tmp_path, place)
    FakeGroup(tmp_path, place.replace("6f1c7f0e", "6f1c7f0f"))
    FakeGroup(group.folder, f"cri-containerd-pod{UNDERSCORED}.scope")
    assert find_cgroup(tmp_path, POD_UID) == group.folder


def test_none_or_two_are_refused(tmp_path: Path) -> None:
    """One line says which pod was looked for and what was there."""
    with pytest.raises(SettingsError, match=f"one folder of the pod {POD_UID}, found none"):
        find_cgroup(tmp_path / "nothing", POD_UID)
    FakeGroup(tmp_path)
    FakeGroup(tmp_path, f"pod{POD_UID}")
    with pytest.raises(SettingsError, match="found 2: "):
        find_cgroup(tmp_path, POD_UID)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A root that cannot be looked through is a mistake, not an empty node."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="expected a folder that can be read"):
        find_cgroup(tmp_path / "file", POD_UID)


def test_a_group_is_read(tmp_path: Path) -> None:
    """The counter is named by the node's boot, the pod, and the group's own number."""
    group = FakeGroup(tmp_path)
    group.set(1_234_567, 89)
    inode = group.folder.stat().st_ino
    assert read_cgroup(group.folder, POD_UID, "boot", 5, 6) == PodReading(
        5, 6, PodCounter("boot", POD_UID, inode), 1_234_567, 89
    )


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("cpu.stat", None, "found No such file or directory"),
        ("cpu.stat", "user 5\nsystem 3\n", r"found 'user 5\\nsystem 3'"),
        ("memory.current", None, "found No such file or directory"),
        ("memory.current", "max\n", "found 'max'"),
    ],
)
def test_what_is_no_group_of_version_2_is_refused(
    tmp_path: Path, name: str, text: str | None, found: str
) -> None:
    """As on a node with cgroup v1, or where a controller is off."""
    group = FakeGroup(tmp_path)
    (group.folder / name).unlink()
    if text is not None:
        (group.folder / name).write_text(text)
    with pytest.raises(SettingsError, match=f"expected {name} of cgroup v2, {found}"):
        check_cgroup(group.folder)
