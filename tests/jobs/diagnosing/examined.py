"""Deployments to examine in tests: settings in a folder, with what could be opened of them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jobs.diagnosing.deployment import Deployment, Files, UnmetError
from jobs.settings import SettingsError, load_settings
from schemas.finding import Finding
from tests.jobs.metered_tables import write_settings

NOW_US = 1_800_000_000_000_000
PROBE = ".meterclose-probe-test"


def examined(
    folder: Path,
    admin: Any = None,
    catalog: Any = None,
    environ: Mapping[str, str] | None = None,
    now_us: Callable[[], int] = lambda: NOW_US,
    files: Mapping[str, Path] | None = None,
) -> Deployment:
    """Return a deployment whose settings stand in a folder; they are written if they are not."""
    path = folder / "settings.yaml"
    if not path.exists():
        write_settings(folder)
    try:
        settings: Any = load_settings(path, environ or {})
    except SettingsError as error:
        settings = error
    return Deployment(
        Files(path, **(files or {})),
        environ or {},
        now_us,
        PROBE,
        settings,
        admin or UnmetError("nobody asked for a broker"),
        catalog or UnmetError("nobody asked for a catalog"),
    )


def only(findings: Iterator[Finding]) -> Finding:
    """Return the one finding of a check."""
    (finding,) = findings
    return finding
