"""Runs the year through the whole chain as in production, on processes of this machine."""

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.cutting import commit_each_checkpoint
from jobs.create_topics import create_topics
from jobs.demo.following import JobProgress, follow_job
from jobs.demo.stages import DECISION, PREPARED_US, Stages, Step
from jobs.flights.receiving import Injections
from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.places import ROOT
from jobs.publish_accounts import publish_file
from jobs.publish_flights import Manifest, publish_flights
from jobs.settings import Settings, load_settings
from schemas.instant import to_text

SETTINGS = ROOT / "config" / "demo.yaml"
ACCOUNTS = ROOT / "config" / "accounts.yaml"
# What happens in production: 1 % received twice, 0.5 % days late, some of each malformed kind.
INJECTIONS = Injections(seed=2013, repeat_rate=0.01, late_rate=0.005, malformed=3)
_BEGIN_MS = 1_356_998_400_000  # 2013-01-01T00:00:00Z
# 2014-06-01T00:00:00Z: after the last cut of the year, and the correction horizon after it.
UNTIL_MS = 1_401_580_800_000
_BOOTSTRAP = "METERCLOSE_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind.

    Attributes:
        settings: With the broker's address, which is gone by now.
        manifest: What was published.
        manifest_file: Where that is written.
        flink_ui: Address of Flink's web UI while it ran.
        savepoint: Where the job can go on from.
    """

    settings: Settings
    manifest: Manifest
    manifest_file: Path
    flink_ui: str
    savepoint: str


def run_year(folder: Path, environ: Mapping[str, str], stages: Stages) -> Run:
    """Run the demo up to the stop with a savepoint; whatever happens, no process is left.

    Args:
        folder: Everything lies in it afterwards; what was in it is deleted.
        environ: Overrides settings of config/demo.yaml, for this program and for the job.
        stages: Are told what happens.

    Raises:
        SetupError: `make setup` has not run.
        SettingsError: The environment overrides a setting badly.
        DemoError, FlinkError, ChildError, KafkaUnreachableError, TopicError, TimeoutError:
            Something broke on the way.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as running:
        with stages.stage("start Kafka"):
            broker = running.enter_context(Broker(folder / "kafka"))
        overrides = {name: text for name, text in environ.items() if name.startswith("METERCLOSE_")}
        overrides[_BOOTSTRAP] = broker.bootstrap_servers
        settings = load_settings(SETTINGS, overrides)
        with stages.stage("create topics and tables, publish the accounts"):
            create_topics(settings.kafka)
            catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
            make_tables(catalog, namespace)
            # Else the last weeks could not be priced: the job is stopped and does not run on.
            commit_each_checkpoint(catalog, namespace)
            publish_file(settings, str(ACCOUNTS), DECISION, lambda: PREPARED_US)
        with stages.stage("start Flink"):
            flink = FlinkCluster(folder / "flink", slots=settings.flink.parallelism)
            running.enter_context(flink)
        stages.say(f"Flink's web UI while this runs: {flink.rest.url}")
        with stages.stage("submit the job (flink run -pym jobs.meter_usage)"):
            job_id = flink.submit("jobs.meter_usage", ["--settings", str(SETTINGS)], env=overrides)
            flink.rest.wait_running(job_id)
        with stages.stage("publish the year, while the job meters it") as step:
            manifest = publish_flights(settings.kafka, INJECTIONS, UNTIL_MS, step.advance)
        manifest_file = folder / "manifest.json"
        manifest_file.write_text(manifest.encode() + "\n")
        with stages.stage("meter the rest of the year, close its periods") as step:
            end_ms = UNTIL_MS - settings.metering.watermark_slack_ms
            _follow(broker, flink, job_id, end_ms, step, stages)
        with stages.stage("stop the job with a savepoint"):
            savepoint = flink.rest.stop_with_savepoint(job_id, folder / "savepoints")
        with stages.stage("stop Flink and Kafka"):
            running.close()
    return Run(settings, manifest, manifest_file, flink.rest.url, savepoint)


def _follow(
    broker: Broker, flink: FlinkCluster, job_id: str, end_ms: int, step: Step, stages: Stages
) -> None:
    """Wait for the end of the year, and tell each month that the job has come to."""
    told = ""

    def show(progress: JobProgress) -> None:
        nonlocal told
        if progress.log_time_ms is None:
            return
        step.advance(progress.log_time_ms - _BEGIN_MS, end_ms - _BEGIN_MS)
        month = to_text(progress.log_time_ms * 1000)[:7]
        if month != told:
            told = month
            stages.say(
                f"  {month}: {progress.counted_events:,} counted, {progress.late_events:,} late,"
                f" {progress.closed_rows:,} closed rows, {progress.corrected_rows:,} corrections"
            )

    def pause() -> None:
        for child in (broker.process, flink.job_manager, *flink.task_managers):
            if child is not None:
                child.check()
        time.sleep(1)

    follow_job(flink.rest, job_id, end_ms, show, pause, stages.clock_ms)
