"""One Kubernetes API for all tests of this folder, with both overlays applied."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.control_plane import PROGRAMS, Cluster, control_plane
from tests.cluster.definitions import NAMES, definitions
from tests.k8s.manifests import OVERLAYS, build


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API that knows the operators' kinds, and nothing else yet."""
    assert (PROGRAMS / "made-from").exists(), "setup/control_plane.sh, or `make test-cluster`"
    folder: Path = tmp_path_factory.mktemp("control-plane")
    with control_plane(folder) as cluster:
        cluster.kubectl("create", "-f", "-", text=definitions())
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *NAMES)
        yield cluster


@pytest.fixture(scope="session")
def told(api: Cluster) -> dict[str, str]:
    """What kubectl says of each overlay when it is applied, with all warnings."""
    return {overlay: _apply(api, overlay) for overlay in OVERLAYS}


def _apply(api: Cluster, overlay: str) -> str:
    text = yaml.safe_dump_all(build(overlay))
    done = api.try_kubectl("apply", "--server-side", "--validate=strict", "-f", "-", text=text)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def cluster(api: Cluster, told: dict[str, str]) -> Cluster:
    """The API with both overlays."""
    assert sorted(told) == sorted(OVERLAYS)
    return api
