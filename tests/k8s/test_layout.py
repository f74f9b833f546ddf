"""The folder that `make image-layout` builds has what the image of the job has, and it starts."""

import os
import subprocess
from pathlib import Path

import pytest

from jobs.local.places import ROOT, java_home
from tests.k8s.locking import names_of

pytestmark = [pytest.mark.slow, pytest.mark.integration, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, built anew by the Dockerfile's steps."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([ROOT / "k8s" / "image" / "layout.sh", folder], check=True)
    return folder


def _run(layout: Path, *command: str) -> str:
    """Run something as the image would: its programs, its packages, its code, nothing of ours."""
    ours, flink, java = layout / "opt" / "meterclose", layout / "opt" / "flink", java_home()
    environment = {
        "FLINK_HOME": str(flink),
        "JAVA_HOME": str(java),
        "PATH": f"{ours}/venv/bin:{flink}/bin:{java}/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ours / "code"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(layout),
    }
    done = subprocess.run(
        command, cwd=layout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_layout_has_what_the_image_has(layout: Path) -> None:
    """The packages of the lock and no others; compiled code; jars of ours beside Flink's."""
    python = str(layout / "opt" / "meterclose" / "venv" / "bin" / "python")
    found = _run(
        layout,
        python,
        "-c",
        "from importlib.metadata import distributions as d\n"
        "print(*(each.metadata['Name'] for each in d()), sep='\\n')",
    )
    names = {name.lower().replace("_", "-").replace(".", "-") for name in found.split()}
    assert names - {"setuptools"} == names_of("stream")
    code = layout / "opt" / "meterclose" / "code"
    assert list((code / "jobs" / "__pycache__").glob("meter_usage.*.pyc"))
    assert not (code / "tests").exists()
    jars = {path.name.split("-")[0] for path in (layout / "opt" / "flink" / "lib").glob("*.jar")}
    assert {"flink", "iceberg", "hadoop", "postgresql", "sqlite"} <= jars


def test_the_job_is_found_there(layout: Path) -> None:
    """The program and what Flink starts for it in Python can be imported, by their own files."""
    python = str(layout / "opt" / "meterclose" / "venv" / "bin" / "python")
    modules = "import jobs.flink.job, jobs.meter_usage as m, pyflink.fn_execution.beam.beam_boot"
    told = _run(layout, python, "-c", f"{modules}; print(m.__file__)")
    assert told.strip() == str(layout / "opt" / "meterclose" / "code" / "jobs" / "meter_usage.py")


def test_flink_starts_there(layout: Path) -> None:
    """Flink's client finds Java and its jars by the entry point, with the passwords it is given."""
    run = layout / "run"
    run.mkdir()
    entry = str(layout / "opt" / "meterclose" / "entrypoint.sh")
    variables = [f"FLINK_RUN_CONF={run}", "FLINK_TLS_PASSWORD=hidden"]
    told = _run(layout, "env", *variables, entry, "flink", "--version")
    assert told.startswith("Version: 2.1.3")
    assert "security.ssl.rest.keystore-password: 'hidden'" in (run / "config.yaml").read_text()
    assert os.access(entry, os.X_OK)
