"""What the images are made of, as far as no container engine is needed to see it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.local.flink_home import flink_distribution
from jobs.local.places import ROOT, RUN_DIR
from tests.k8s.locking import IMAGE, ROOTS, cut, names_of, path_of
from tests.k8s.manifests import named, pods, program_pods

DOCKERFILE = ROOT / "k8s" / "Dockerfile"
# Starts a program's module with the packages of a lock only, and says what it could not find.
# DuckDB imports what it needs for instants only when it comes to one.
_IMPORT = """
import importlib, sys
from importlib.metadata import packages_distributions

allowed, modules = set(sys.argv[1].split(",")), sys.argv[2].split(",")
owners = packages_distributions()

class Lacking:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        names = {each.lower().replace("_", "-").replace(".", "-") for each in owners.get(top, ())}
        if names and not names & allowed:
            raise ModuleNotFoundError(f"{name} of {names} is not in the image")
        return None

sys.meta_path.insert(0, Lacking())
for module in modules:
    importlib.import_module(module)
import duckdb
duckdb.sql("SELECT TIMESTAMPTZ '2026-01-01 00:00:00Z'").fetchall()
"""


def _modules(image: str) -> list[str]:
    if image == "stream":
        return ["jobs.meter_usage", "jobs.flink.job", "pyflink.fn_execution.beam.beam_boot"]
    return sorted({"jobs.meter_pod"} | {pod.container["args"][1] for pod in program_pods("prod")})


@pytest.mark.parametrize("image", ROOTS)
def test_locks_are_cut_out_of_the_lock(image: str) -> None:
    """After a change of requirements.lock: python -m tests.k8s.locking."""
    assert path_of(image).read_text() == cut(image)
    assert "--hash=sha256:" in path_of(image).read_text()


@pytest.mark.parametrize("image", ROOTS)
def test_images_have_what_they_import(image: str) -> None:
    """Every program that an image starts can be imported with the packages of its lock alone."""
    command = [sys.executable, "-c", _IMPORT, ",".join(names_of(image)), ",".join(_modules(image))]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-800:]


def test_the_batch_image_is_without_flink() -> None:
    """Pricing charges in processes of its own there: neither Flink nor Java is needed."""
    assert not names_of("batch") & {"apache-flink", "apache-flink-libraries", "apache-beam"}
    assert not names_of("stream") & {"apache-flink-libraries", "pytest", "hypothesis", "mypy"}
    pricing = next(pod for pod in program_pods("prod") if "price-usage" in pod.owner)
    assert "--runner" not in pricing.container["args"]


def test_the_dockerfile_is_clean() -> None:
    """Hadolint finds nothing, and nothing is ignored."""
    hadolint = RUN_DIR / "hadolint" / "bin" / "hadolint"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "hadolint ignore" not in DOCKERFILE.read_text()


def test_every_base_is_an_argument() -> None:
    """A digest can be given for each image that the build begins with; nobody is root then."""
    text = DOCKERFILE.read_text()
    arguments = set(re.findall(r"^ARG (\w+)=\S+$", text, re.MULTILINE))
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert base in stages or base.strip("${}") in arguments, base
    for target in ("batch", "stream"):
        final = text.partition(f"FROM ${{PYTHON_IMAGE}} AS {target}\n")[2].partition("\nFROM ")[0]
        assert "USER 9999:9999" in final
        assert "RUN " not in final


def test_the_image_is_of_the_flink_of_the_lock() -> None:
    """Flink's image, and the wheel that Python uses, are of one version."""
    lock = path_of("stream").read_text()
    (version,) = re.findall(r"^apache-flink==(\S+)", lock, re.MULTILINE)
    assert f"ARG FLINK_IMAGE=flink:{version}-java17\n" in DOCKERFILE.read_text()


def test_what_is_copied_is_there() -> None:
    """Each file that the build copies exists, and is not kept from it by .dockerignore."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    for words in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE.read_text(), re.MULTILINE):
        for source in words.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(f"{source}/".startswith(f"{each}/") for each in allowed), source


def test_places_of_the_manifests_are_those_of_the_image() -> None:
    """Interpreter, entry point and mounts stand where the Dockerfile puts them."""
    text = DOCKERFILE.read_text()
    options = named("prod", "FlinkDeployment", "meterclose")["spec"]["flinkConfiguration"]
    assert (
        f"/opt/meterclose/venv {options['python.executable'].removesuffix('/bin/python')}" in text
    )
    assert f" {options['kubernetes.entry.path']}\n" in text
    assert 'ENTRYPOINT ["/opt/meterclose/venv/bin/python"]' in text


def test_the_user_of_the_pods_has_a_name() -> None:
    """Java logs in to Hadoop by it, and ends where there is none."""
    users = {line.split(":")[2]: line for line in (IMAGE / "etc" / "passwd").read_text().split()}
    for pod in pods("prod"):
        assert str(pod.spec["securityContext"]["runAsUser"]) in users
    for target in ("batch", "stream"):
        stage = DOCKERFILE.read_text().partition(f"FROM ${{PYTHON_IMAGE}} AS {target}\n")[2]
        assert "COPY k8s/image/etc /etc\n" in stage.partition("\nFROM ")[0]


def test_java_is_opened_as_flink_asks() -> None:
    """The operator's configuration replaces that of Flink, which says what Java 17 needs."""
    options = named("prod", "FlinkDeployment", "meterclose")["spec"]["flinkConfiguration"]
    shipped = yaml.safe_load((flink_distribution() / "conf" / "config.yaml").read_text())
    assert options["env.java.opts.all"].split() == shipped["env"]["java"]["opts"]["all"].split()


def _enter(tmp_path: Path, password: str | None, config: str) -> subprocess.CompletedProcess[str]:
    """Start something by the entry point; it prints the configuration that it finds."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(config)
    (tmp_path / "conf" / "log4j-console.properties").write_text("rootLogger.level = INFO")
    environment = {"PATH": os.environ["PATH"], "FLINK_HOME": str(tmp_path)}
    environment["FLINK_RUN_CONF"] = str(tmp_path / "run")
    if password is not None:
        environment["FLINK_TLS_PASSWORD"] = password
    command = ["bash", str(IMAGE / "entrypoint.sh"), "bash", "-c"]
    command += ['test -z "${FLINK_TLS_PASSWORD:-}" && cat "$FLINK_CONF_DIR/config.yaml"']
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_entry_point_adds_the_passwords(tmp_path: Path, end: str) -> None:
    """Whatever is in a password, Flink reads just that; the process itself is not told it."""
    text = 'it\'s "quoted": $HOME \\ # and more'
    done = _enter(tmp_path, text, f"rest.port: '8081'{end}")
    assert done.returncode == 0, done.stderr
    stores = [f"security.ssl.{store}" for store in ("internal", "rest")]
    kinds = ("keystore-password", "key-password")
    passwords = {f"{store}.{kind}": text for store in stores for kind in kinds}
    assert yaml.safe_load(done.stdout) == {"rest.port": "8081", **passwords}
    assert (tmp_path / "run" / "config.yaml").stat().st_mode & 0o077 == 0
    assert "password" not in (tmp_path / "conf" / "config.yaml").read_text()
    logging = (tmp_path / "run" / "log4j-console.properties").read_text().splitlines()
    assert logging[0] == "rootLogger.level = INFO"
    quiet = "logger.program.name = org.apache.flink.client.python.PythonEnvUtils"
    assert logging[logging.index(quiet) + 1] == "logger.program.level = WARN"


def test_the_entry_point_needs_a_password(tmp_path: Path) -> None:
    """Without one nothing is started."""
    done = _enter(tmp_path, None, "rest.port: '8081'\n")
    assert done.returncode != 0
    assert "expected the password of the key store" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("has_s3", [True, False])
def test_jars_are_put_where_flink_looks(tmp_path: Path, has_s3: bool) -> None:
    """Connectors and Python in lib, S3 as a plugin; a Flink without S3 is refused."""
    flink, ours = tmp_path / "flink", tmp_path / "jars"
    for folder in (flink / "lib", flink / "opt", flink / "plugins", ours):
        folder.mkdir(parents=True)
    (ours / "kafka.jar").touch()
    (flink / "opt" / "flink-python-2.1.3.jar").touch()
    if has_s3:
        (flink / "opt" / "flink-s3-fs-hadoop-2.1.3.jar").touch()
    command = ["bash", str(IMAGE / "install_jars.sh"), str(flink), str(ours)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert {each.name for each in (flink / "lib").iterdir()} == {
        "kafka.jar",
        "flink-python-2.1.3.jar",
    }
    assert (done.returncode == 0) == has_s3
    plugin = flink / "plugins" / "s3-fs-hadoop" / "flink-s3-fs-hadoop-2.1.3.jar"
    assert plugin.exists() == has_s3
