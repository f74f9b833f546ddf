"""A real Prometheus server on this machine, to scrape with and to ask."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from jobs.local.children import Child
from jobs.local.places import RUN_DIR
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until

_PROGRAMS = RUN_DIR / "prometheus"
_START_S = 120


class Prometheus:
    """A server with its data in one folder. A context manager: starts on entry, stops on exit.

    Attributes:
        folder: With everything it writes.
    """

    def __init__(self, folder: Path, config: dict[str, Any], *options: str) -> None:
        """Choose its port.

        Args:
            folder: Its folder; `data` in it may have samples.
            config: What its configuration file says.
            options: More of its command line.
        """
        self.folder = folder
        self._address = f"{LOOPBACK}:{free_ports(1)[0]}"
        self._config, self._options = config, options

    def __enter__(self) -> Self:
        file = self.folder / "prometheus.yaml"
        file.write_text(yaml.safe_dump(self._config))
        command = [str(_PROGRAMS / "prometheus"), f"--config.file={file}", *self._options]
        command += [f"--storage.tsdb.path={self.folder / 'data'}"]
        command += [f"--web.listen-address={self._address}", "--storage.tsdb.retention.time=100y"]
        self._child = Child("prometheus", command, {}, self.folder / "prometheus.log")
        try:
            wait_until(self._ready, "start of Prometheus", _START_S)
        except BaseException:
            self._child.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.stop()

    def ask(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """Return the series of an answer: `metric` with its labels, and `values`.

        Args:
            path: `query` or `query_range`.
            parameters: Of the query.

        Raises:
            urllib.error.HTTPError: The server refuses the query.
        """
        asked = urllib.parse.urlencode(parameters)
        url = f"http://{self._address}/api/v1/{path}?{asked}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            content = json.load(answer)
        assert content["status"] == "success", content
        return content["data"]["result"]  # type: ignore[no-any-return]

    def _ready(self) -> bool:
        self._child.check()
        try:
            with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=5):
                return True
        except OSError:
            return False


def load_samples(file: Path, folder: Path) -> None:
    """Load a file in the form of OpenMetrics into the data of a server that is to start."""
    command: Sequence[str] = [
        str(_PROGRAMS / "promtool"),
        *("tsdb", "create-blocks-from", "openmetrics", str(file), str(folder / "data")),
    ]
    subprocess.run(command, check=True, capture_output=True)
