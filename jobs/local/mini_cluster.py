"""What a program needs that runs a job on Flink's mini cluster, in its own process."""

import atexit
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from jobs.local.flink_home import FlinkHome, flink_distribution

WORKERS = "_python_worker_execution_mode"
"""PyFlink's variable for where Python's workers run: `process`, or `loopback`, which is threads of
this program that share one core."""

CHOSEN = ("PYFLINK_GATEWAY_PORT", "FLINK_HOME", "FLINK_CONF_DIR", "FLINK_LIB_DIR")
"""Of these one is set where someone has chosen a Flink; `flink run` sets the first."""


def provide_flink(environ: MutableMapping[str, str]) -> None:
    """Let this process find Flink with our jars, unless a Flink was chosen for it.

    It has to be called before the first job. The folder of the configuration and the logs is gone
    when the process ends.

    Args:
        environ: The environment of the process, which gets what Flink needs.

    Raises:
        SetupError: What `make setup` provides is missing.
    """
    if any(environ.get(name) for name in CHOSEN):
        return
    distribution = flink_distribution()
    folder = Path(tempfile.mkdtemp(prefix="meterclose-flink-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = FlinkHome(folder, distribution)
    options = home.default_options(0, 0, 1)
    # A program that has no cluster reads these options only.
    options["env.java.opts.all"] += f" {options['env.java.opts.client']}"
    home.prepare(options)
    _leave_the_terminal_alone(home.conf_dir / "log4j-cli.properties")
    environ.update({WORKERS: "process", **home.environment()})


def _leave_the_terminal_alone(logging: Path) -> None:
    """Let nothing be logged but into the file: the terminal is for what programs print."""
    lines = logging.read_text().splitlines(keepends=True)
    logging.write_text("".join(line for line in lines if ".appenderRef.console" not in line))
