"""The folders that `make image-layout` builds have what the images have."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.k8s.image_folders import build_image
from tests.k8s.locking import names_of

pytestmark = [pytest.mark.slow, pytest.mark.integration, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def layout() -> Path:
    """The folder of the job's image."""
    return build_image("stream").folder


def _run(layout: Path, *command: str) -> str:
    """Run Python as an image would: its packages, its code, nothing of ours."""
    ours = layout / "opt" / "meterclose"
    environment = {"PYTHONPATH": str(ours / "code"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [ours / "venv" / "bin" / "python", *command],
        cwd=layout, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _packages(folder: Path) -> set[str]:
    found = _run(
        folder,
        "-c",
        "from importlib.metadata import distributions as d\n"
        "print(*(each.metadata['Name'] for each in d()), sep='\\n')",
    )
    names = {name.lower().replace("_", "-").replace(".", "-") for name in found.split()}
    return names - {"setuptools"}


def test_the_layout_has_what_the_image_has(layout: Path) -> None:
    """The packages of the lock and no others; compiled code; jars of ours beside Flink's."""
    assert _packages(layout) == names_of("stream")
    code = layout / "opt" / "meterclose" / "code"
    assert list((code / "jobs" / "__pycache__").glob("meter_usage.*.pyc"))
    assert not (code / "tests").exists()
    jars = {path.name.split("-")[0] for path in (layout / "opt" / "flink" / "lib").glob("*.jar")}
    assert {"flink", "iceberg", "hadoop", "postgresql", "sqlite"} <= jars


def test_the_job_is_found_there(layout: Path) -> None:
    """The program and what Flink starts for it in Python can be imported, by their own files."""
    modules = "import jobs.flink.job, jobs.meter_usage as m, pyflink.fn_execution.beam.beam_boot"
    told = _run(layout, "-c", f"{modules}; print(m.__file__)")
    assert told.strip() == str(layout / "opt" / "meterclose" / "code" / "jobs" / "meter_usage.py")
    assert os.access(layout / "opt" / "meterclose" / "entrypoint.sh", os.X_OK)


def test_the_batch_image_is_without_java_and_flink() -> None:
    """The packages of its lock and no others, and the code."""
    folder = build_image("batch").folder
    assert _packages(folder) == names_of("batch")
    assert not (folder / "opt" / "flink").exists()
    assert (folder / "opt" / "meterclose" / "code" / "jobs" / "price_usage.py").exists()
