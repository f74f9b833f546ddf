"""The list of checks: each is made whatever becomes of the others, and none tells a secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.diagnosing import CHECKS, diagnose
from jobs.diagnosing.lines import failed
from schemas.finding import Finding, Verdict
from tests.jobs.diagnosing.examined import examined


def fine(_: Deployment) -> Iterator[Finding]:
    """Find nothing wrong."""
    yield Finding(Verdict.OK, "all is well")


def unmet(_: Deployment) -> Iterator[Finding]:
    """Find something, then miss what the rest needs."""
    yield Finding(Verdict.WARNING, "half a look")
    raise UnmetError("no broker answers")


def breaks(_: Deployment) -> Iterator[Finding]:
    """Break as only a mistake in the program does."""
    raise KeyError("of\nall kinds")
    yield


def test_a_check_leaves_the_others_alone(tmp_path: Path) -> None:
    """One that misses something is skipped, one that breaks has failed; all others are made."""
    checks = {"breaks": breaks, "unmet": unmet, "fine": fine}
    found = list(diagnose(examined(tmp_path), checks))
    assert [(name, each.verdict, each.found) for name, each in found] == [
        ("breaks", Verdict.FAILED, "KeyError: 'of\\nall kinds'"),
        ("unmet", Verdict.WARNING, "half a look"),
        ("unmet", Verdict.SKIPPED, "no broker answers"),
        ("fine", Verdict.OK, "all is well"),
    ]


@pytest.mark.parametrize("place", ["found", "expected", "remedy"])
def test_no_secret_is_told(place: str, tmp_path: Path) -> None:
    """Values of secret properties, passwords in them and in addresses are masked everywhere."""
    login = 'x.PlainLoginModule required username="me" password="hidden-1";'
    environ = {
        "METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG": login,
        "METERCLOSE_CATALOG_PROPERTY_S3_SECRET-ACCESS-KEY": "hidden-2",
        "METERCLOSE_FLINK_PROPERTY_FS_TOKEN": "hidden-3",
        "METERCLOSE_CATALOG_PROPERTY_S3_REGION": "eu-shown",
    }
    text = f"{login} hidden-1 hidden-2 hidden-3 db://me:hidden-4@host eu-shown"

    def tells(_: Deployment) -> Iterator[Finding]:
        texts = {"found": "found", "expected": "", "remedy": ""} | {place: text}
        yield Finding(Verdict.FAILED, **texts)

    ((_, finding),) = diagnose(examined(tmp_path, environ=environ), {"tells": tells})
    told = getattr(finding, place)
    assert "hidden" not in told
    assert told == "*** *** *** *** db://me:***@host eu-shown"


def test_a_broken_check_tells_no_secret(tmp_path: Path) -> None:
    """Not even in an error of somebody else's library."""

    def breaks_loudly(deployment: Deployment) -> Iterator[Finding]:
        raise ValueError(deployment.settings.catalog.properties["token"])
        yield

    environ = {"METERCLOSE_CATALOG_PROPERTY_TOKEN": "hidden"}
    ((_, finding),) = diagnose(examined(tmp_path, environ=environ), {"b": breaks_loudly})
    assert finding.found == "ValueError: ***"


def test_settings_that_cannot_be_used_hide_nothing(tmp_path: Path) -> None:
    """What needs no settings is looked at, the rest says why it is not."""
    (tmp_path / "settings.yaml").write_text("nothing: here\n")
    found = list(diagnose(examined(tmp_path)))
    assert {name for name, _ in found} == set(CHECKS)
    verdicts = {name: each.verdict for name, each in found}
    assert verdicts["settings"] is Verdict.FAILED
    assert verdicts["python"] is verdicts["pyiceberg"] is Verdict.OK
    skipped = {name for name, verdict in verdicts.items() if verdict is Verdict.SKIPPED}
    assert {"meters", "jars", "broker", "topics", "catalog", "tables", "warehouse"} <= skipped


@pytest.mark.parametrize(
    ("line", "found", "expected", "remedy"),
    [
        ("what, where: expected 1, found 2", "what, where: 2", "1", "of ours"),
        (
            "what, where: expected 1, found 2; do so; then so",
            "what, where: 2",
            "1",
            "do so; then so",
        ),
        ("what: expected a, b, found c, d", "what: c, d", "a, b", "of ours"),
        ("of another\nform", "of another form", "", "of ours"),
        ("", "ValueError", "", "of ours"),
    ],
)
def test_lines_are_taken_apart(line: str, found: str, expected: str, remedy: str) -> None:
    """As all programs write them; a line of another form stays whole."""
    wanted = Finding(Verdict.FAILED, found, expected, remedy)
    assert failed(ValueError(line), "of ours") == wanted
