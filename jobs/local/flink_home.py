"""Folders of ours around the Flink distribution that comes in the pyflink package.

The installed package stays untouched: it gives the scripts, the web UI, the plugins and its own
jars; configuration, logs, state and our jars lie in a work folder.
"""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from jobs.local.places import FLINK_JARS, PYTHON, ROOT, SetupError, jars, java_home
from jobs.local.ports import LOOPBACK

# Jobs here are short: compiling with C2 and collecting garbage in parallel would cost them more
# than it brings. Benchmarks choose otherwise.
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_PARTS = ("client", "jobmanager", "taskmanager")


def flink_distribution() -> Path:
    """Return the Flink home inside the installed pyflink package, without importing it.

    Raises:
        SetupError: if pyflink is not installed.
    """
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise SetupError(
            "pyflink, this Python: expected apache-flink, found none; run `make setup`"
        )
    return Path(spec.origin).parent


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """The folders of one local cluster.

    Attributes:
        work_dir: folder that everything below lies in.
        distribution: the Flink that is run.
    """

    work_dir: Path
    distribution: Path

    @property
    def conf_dir(self) -> Path:
        """Configuration, written by `prepare`."""
        return self.work_dir / "conf"

    @property
    def lib_dir(self) -> Path:
        """Links to Flink's jars and ours: the class path of every process."""
        return self.work_dir / "lib"

    @property
    def log_dir(self) -> Path:
        """Logs of every process."""
        return self.work_dir / "log"

    @property
    def checkpoint_dir(self) -> Path:
        """Checkpoints, as JOB_ID/chk-N; kept when a job is cancelled or dies."""
        return self.work_dir / "checkpoints"

    @property
    def savepoint_dir(self) -> Path:
        """Default folder of savepoints."""
        return self.work_dir / "savepoints"

    def prepare(self, options: Mapping[str, str]) -> None:
        """Write the configuration and link the jars; state of earlier runs stays.

        Args:
            options: Flink options by their full names.

        Raises:
            SetupError: if our jars are missing.
        """
        for folder in (self.conf_dir, self.log_dir, self.work_dir / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.conf_dir / "config.yaml").write_text(yaml.safe_dump(dict(options)))
        for name in ("log4j-console.properties", "log4j-cli.properties"):
            shutil.copyfile(self.distribution / "conf" / name, self.conf_dir / name)
        shutil.rmtree(self.lib_dir, ignore_errors=True)
        self.lib_dir.mkdir()
        flinks_own = (*jars(self.distribution / "lib"), *self.python_jars())
        for jar in (*flinks_own, *jars(FLINK_JARS)):
            (self.lib_dir / jar.name).symlink_to(jar)

    def python_jars(self) -> tuple[Path, ...]:
        """Return flink-python, which the distribution keeps apart from its other jars."""
        return tuple((self.distribution / "opt").glob("flink-python-*.jar"))

    def environment(self) -> dict[str, str]:
        """Return the environment of every process of the cluster, and of the client."""
        return {
            **os.environ,
            "FLINK_HOME": str(self.distribution),
            "FLINK_CONF_DIR": str(self.conf_dir),
            "FLINK_LIB_DIR": str(self.lib_dir),
            "FLINK_LOG_DIR": str(self.log_dir),
            "FLINK_PID_DIR": str(self.work_dir / "pid"),
            "FLINK_IDENT_STRING": "local",
            "JAVA_HOME": str(java_home()),
            "TMPDIR": str(self.work_dir / "tmp"),
            # Python workers import our packages from the source tree, and a `python` found by
            # name (thread mode looks for one) is the one that runs this.
            "PYTHONPATH": str(ROOT),
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
        }

    def default_options(self, rest_port: int, rpc_port: int, slots: int) -> dict[str, str]:
        """Return the options of a cluster on the loopback address, for 2 cores.

        Args:
            rest_port: port of the REST interface and the web UI.
            rpc_port: port where TaskManagers find the JobManager.
            slots: task slots of each TaskManager.
        """
        tmp = self.work_dir / "tmp"
        return {
            "jobmanager.rpc.address": LOOPBACK,
            "jobmanager.rpc.port": str(rpc_port),
            "jobmanager.bind-host": LOOPBACK,
            "jobmanager.memory.process.size": "1g",
            "taskmanager.host": LOOPBACK,
            "taskmanager.bind-host": LOOPBACK,
            "taskmanager.numberOfTaskSlots": str(slots),
            "taskmanager.memory.process.size": "4g",
            "rest.address": LOOPBACK,
            "rest.bind-address": LOOPBACK,
            "rest.port": str(rest_port),
            "rest.bind-port": str(rest_port),
            # The JobManager notices a killed TaskManager after two beats in vain.
            "heartbeat.interval": "1000",
            # The machine may be busy: who answers late is not gone.
            "pekko.ask.timeout": "60 s",
            # A TaskManager that is up before the JobManager would ask again after ten seconds only.
            "cluster.registration.error-delay": "500",
            "metrics.fetcher.update-interval": "1000",
            # Metrics stand still while a TaskManager that was killed is asked for its own: by
            # default for ten minutes.
            "web.timeout": "30000",
            "io.tmp.dirs": str(tmp),
            "env.java.opts.all": f"{_java_options(self.distribution)} -Djava.io.tmpdir={tmp}"
            # The log file has it already; standard output is for what programs print.
            " -Dconsole.log.level=OFF",
            **{f"env.java.opts.{part}": _QUICK for part in _PARTS},
            "state.backend.type": "rocksdb",
            "execution.checkpointing.incremental": "true",
            "execution.checkpointing.dir": self.checkpoint_dir.as_uri(),
            "execution.checkpointing.savepoint-dir": self.savepoint_dir.as_uri(),
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            "python.executable": str(PYTHON),
            "python.client.executable": str(PYTHON),
            # Everything is on the class path of the processes. Loading flink-python again for
            # each job would load the native library of Python's thread mode twice, which fails.
            "classloader.resolve-order": "parent-first",
        }


def _java_options(distribution: Path) -> str:
    """Return the options that Flink's own configuration gives Java 17."""
    shipped = yaml.safe_load((distribution / "conf" / "config.yaml").read_text())
    return str(shipped["env"]["java"]["opts"]["all"])
