"""Every Flink option in the manifests is one that this Flink knows, with a value of its type.

Flink itself is asked for its options (tests/k8s/flink/ListOptions.java); its answer is kept in
options.tsv, which a test with a Java compares.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.local.flink_home import flink_distribution
from jobs.local.places import jars, java_home
from tests.k8s.manifests import OVERLAYS, named

FLINK = Path(__file__).parent / "flink"
OPTIONS = dict(
    line.split("\t") for line in (FLINK / "options.tsv").read_text().splitlines() if line
)
# The operator's own, by its documentation; it takes them out before Flink sees them.
OPERATOR = {
    "kubernetes.operator.jm-deployment.startup.probe.enabled": "Boolean",
    "kubernetes.operator.periodic.savepoint.interval": "Duration",
    "kubernetes.operator.pod-template.merge-arrays-by-name": "Boolean",
    "kubernetes.operator.savepoint.dispose-on-delete": "Boolean",
    "kubernetes.operator.savepoint.history.max.age": "Duration",
    "kubernetes.operator.savepoint.history.max.count": "Integer",
    "kubernetes.operator.snapshot.resource.enabled": "Boolean",
}
# The S3 file system hands everything that begins with s3. to Hadoop, by Flink's documentation.
STORAGE = {"s3.endpoint": "String", "s3.path.style.access": "Boolean"}
# What Flink says of a reporter, without the part `metrics.reporter.NAME.` before it.
_REPORTER = re.compile(r"metrics\.reporter\.\w+\.(.+)")
# A reporter reads them itself, as plain text.
REPORTER = {"port": "String"}

FORMS = {
    "Boolean": r"true|false",
    "Integer": r"-?\d+",
    "Long": r"-?\d+",
    "Float": r"-?\d+(\.\d+)?",
    "Double": r"-?\d+(\.\d+)?",
    "String": r".+",
    "Duration": r"\d+ ?(ms|s|min|m|h|d)",
    "MemorySize": r"\d+ ?(b|k|m|g|t|kb|mb|gb|tb)",
    "Map": r"[^:,]+:[^:,]*(,[^:,]+:[^:,]*)*",
}


def type_of(option: str) -> str:
    """Return the type of an option, as Flink or the operator says it.

    Raises:
        KeyError: Nobody knows the option.
    """
    if option in OPERATOR or option in STORAGE:
        return {**OPERATOR, **STORAGE}[option]
    reporter = _REPORTER.fullmatch(option)
    if reporter:
        return REPORTER.get(reporter[1]) or OPTIONS[reporter[1]]
    return OPTIONS[option]


def is_of_type(value: str, kind: str) -> bool:
    """Tell whether a value reads as a type."""
    if kind.startswith("List of "):
        return all(is_of_type(each, kind.removeprefix("List of ")) for each in value.split(";"))
    if kind.startswith("Enum "):
        allowed = kind.removeprefix("Enum ").split(",")
        # Flink reads names of an enum whatever their case, and - for _.
        return value.upper().replace("-", "_") in {each.upper() for each in allowed}
    return re.fullmatch(FORMS[kind], value) is not None


def _told() -> Iterator[tuple[str, str, str]]:
    for overlay in OVERLAYS:
        spec = named(overlay, "FlinkDeployment", "meterclose")["spec"]
        for option, value in spec["flinkConfiguration"].items():
            yield overlay, option, value


@pytest.mark.parametrize(("overlay", "option", "value"), list(_told()))
def test_flink_knows_the_option(overlay: str, option: str, value: str) -> None:
    """Its name is declared, not a deprecated one, and its value is of the declared type."""
    assert is_of_type(value, type_of(option)), f"{overlay} {option}: {value}"


def test_wrong_options_are_noticed() -> None:
    """A misspelt name, an old name and values of other types."""
    for option in (
        "execution.checkpointing.intervall",
        "state.savepoints.dir",
        "high-availability",
    ):
        with pytest.raises(KeyError):
            type_of(option)
    for value, option in (
        ("yes", "web.submit.enable"),
        ("6 hours", "kubernetes.operator.periodic.savepoint.interval"),
        ("ONCE", "execution.checkpointing.mode"),
        ("1.5", "pipeline.max-parallelism"),
        ("lots", "jobmanager.memory.jvm-overhead.max"),
    ):
        assert not is_of_type(value, type_of(option)), option


def _java(program: str, *arguments: str) -> str:
    """Run one of our small programs with Flink on its class path; return what it prints."""
    home = flink_distribution()
    found = [*jars(home / "lib"), *jars(home / "plugins" / "metrics-prometheus")]
    found += (home / "opt").glob("flink-python-*.jar")
    paths = [str(path) for path in found]
    command = [str(java_home() / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-cp"]
    command += [":".join(paths), str(FLINK / program), *(arguments or paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.integration
def test_the_kept_list_is_flinks() -> None:
    """The list of options is that of the installed Flink; write what it says to options.tsv."""
    assert _java("ListOptions.java") == (FLINK / "options.tsv").read_text()


@pytest.mark.integration
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_flinks_driver_takes_the_arguments(overlay: str) -> None:
    """PythonDriver finds the module and leaves the program's own arguments to it."""
    spec = named(overlay, "FlinkDeployment", "meterclose")["spec"]
    assert spec["job"]["entryClass"] == "org.apache.flink.client.python.PythonDriver"
    assert _java("ParseArguments.java", *spec["job"]["args"]).splitlines() == [
        "jobs.meter_usage",
        "--settings",
        "/etc/meterclose/settings.yaml",
    ]


def test_the_jar_is_flinks() -> None:
    """The deployment names the jar that Flink of this version has in its opt folder."""
    (jar,) = (flink_distribution() / "opt").glob("flink-python-*.jar")
    spec = named("prod", "FlinkDeployment", "meterclose")["spec"]
    assert spec["job"]["jarURI"] == f"local:///opt/flink/opt/{jar.name}"
    assert spec["flinkVersion"] == "v2_1"
