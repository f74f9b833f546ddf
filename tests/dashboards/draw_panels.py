"""Draws each dashboard as a picture, of the recorded scrape: `make dashboards`.

A real Prometheus loads the recording and answers each panel's queries.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.local.places import ROOT
from tests.dashboards.drawing import draw
from tests.dashboards.panels import ask, dashboards, panels_of
from tests.dashboards.prometheus import Prometheus, load_samples
from tests.dashboards.recording import Recording, unpack

PICTURES = ROOT / "docs" / "dashboards"
# Panels that show nothing in the recording, and why.
_LATER = "corrections come an hour after late usage (metering.correction_bucket_s)"
EMPTY = {"Corrected by product": _LATER, "Corrections by meter": _LATER}


@contextmanager
def recorded_server(folder: Path) -> Iterator[tuple[Prometheus, Recording]]:
    """Start a server with the recording in it.

    Args:
        folder: An empty one.
    """
    recording = unpack(folder)
    load_samples(recording.file, folder)
    # The recording lacks the marks at which a scraped series ends: a minute without is its end.
    with Prometheus(folder, {}, "--query.lookback-delta=1m") as server:
        yield server, recording


def main() -> int:
    """Write the pictures; return the exit code."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, recorded_server(Path(name)) as (server, recording):
        for uid, model in dashboards().items():
            shown = [
                (panel, ask(server, recording, panel), EMPTY.get(panel.title, ""))
                for panel in panels_of(model)
            ]
            (PICTURES / f"{uid}.svg").write_text(draw(model, shown, recording))
    return 0


if __name__ == "__main__":
    sys.exit(main())
