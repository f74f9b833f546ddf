"""Clusters for short jobs: their JVMs spend no time on what pays off later only."""

from pathlib import Path

from jobs.local.flink_cluster import FlinkCluster

# Compiling with C2 and collecting garbage in parallel cost a third of a short run on 2 cores.
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def quick_cluster(folder: Path, slots: int) -> FlinkCluster:
    """Return a cluster with one TaskManager, not yet started."""
    options = {f"env.java.opts.{part}": QUICK for part in ("client", "jobmanager", "taskmanager")}
    options["taskmanager.memory.process.size"] = "3g"
    return FlinkCluster(folder, slots=slots, options=options)
