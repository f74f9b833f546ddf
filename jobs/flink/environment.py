"""The Flink environment of the job: every option it depends on, set in one place."""

from dataclasses import dataclass

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment
from pyflink.util.java_utils import get_j_env_configuration

from jobs.settings import Settings
from jobs.settings.guarding import REQUIRED_OPTIONS

# A chosen option may be overridden in `flink.properties`; why each has its value is in
# docs/performance.md.
_CHOSEN_OPTIONS = {
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "execution.checkpointing.incremental": "true",
    "execution.checkpointing.num-retained": "3",
    "execution.checkpointing.storage": "filesystem",
    "execution.checkpointing.timeout": "10min",
    "execution.checkpointing.tolerable-failed-checkpoints": "3",
    # A restored reader gets new partitions a moment after those of its state, and must not let time
    # go on before: its first watermark comes after so long.
    "pipeline.auto-watermark-interval": "1 s",
    "pipeline.object-reuse": "true",
    "python.fn-execution.arrow.batch.size": "10000",
    "python.fn-execution.bundle.size": "10000",
    "python.fn-execution.bundle.time": "1000",
    "python.map-state.read-cache-size": "20000",
    "python.map-state.write-cache-size": "20000",
    "python.state.cache-size": "20000",
    "restart-strategy.type": "exponential-delay",
    "state.backend.rocksdb.memory.partitioned-index-filters": "true",
    "state.backend.rocksdb.use-bloom-filter": "true",
    "state.backend.type": "rocksdb",
    "table.exec.iceberg.use-v2-sink": "true",
}


def flink_options(settings: Settings) -> dict[str, str]:
    """Return every Flink option of the job, ordered by name.

    `settings` was checked by `jobs.settings`: its own properties break no required option.
    """
    flink = settings.flink
    own = {
        "execution.checkpointing.dir": flink.checkpoint_dir,
        "execution.checkpointing.interval": f"{flink.checkpoint_interval_ms} ms",
        "parallelism.default": str(flink.parallelism),
        "pipeline.max-parallelism": str(flink.max_parallelism),
        "pipeline.name": "meter_usage",
        "python.execution-mode": flink.execution_mode.value,
        "table.exec.state.ttl": f"{settings.metering.dedupe_ttl_days} d",
    }
    required = {option: value for option, (value, _) in REQUIRED_OPTIONS.items()}
    return dict(sorted({**_CHOSEN_OPTIONS, **flink.properties, **required, **own}.items()))


def open_environment(
    settings: Settings,
) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """Return the streaming and the table environment, set up by `flink_options`."""
    configuration = Configuration()
    for option, value in flink_options(settings).items():
        configuration.set_string(option, value)
    stream = StreamExecutionEnvironment.get_execution_environment(configuration)
    return stream, StreamTableEnvironment.create(stream)


# What the Flink Kubernetes Operator gives as the savepoint of a job that is to be restored from the
# last checkpoint that high availability knows, so that it fails where there is none.
_LAST_STATE = "KUBERNETES_OPERATOR_LAST_STATE"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What Flink will restore the job from.

    Attributes:
        savepoint: Address of a savepoint or kept checkpoint; empty: none is given.
        continued_job_id: With high availability a job with a fixed id is restored from its last
            checkpoint when another JobManager takes over, whatever `savepoint` says: its id, else
            empty.
        is_last_state: Whether it is to be restored from that checkpoint, or not at all.
    """

    savepoint: str
    continued_job_id: str
    is_last_state: bool = False


def read_recovery(settings: Settings) -> Recovery:
    """Return what the client's configuration says of a restore: that of `flink run -s`, too."""
    stream, _ = open_environment(settings)
    configuration = get_j_env_configuration(stream._j_stream_execution_environment)
    options = get_gateway().jvm.org.apache.flink.configuration
    savepoint = configuration.get(options.StateRecoveryOptions.SAVEPOINT_PATH)
    mode = configuration.get(options.HighAvailabilityOptions.HA_MODE)
    fixed = configuration.get(options.PipelineOptionsInternal.PIPELINE_FIXED_JOB_ID)
    has_standby = mode is not None and mode.upper() != "NONE"
    return recovery_of(savepoint or "", (fixed or "") if has_standby else "")


def recovery_of(savepoint: str, continued_job_id: str) -> Recovery:
    """Return what these two options of Flink together say."""
    if savepoint == _LAST_STATE and continued_job_id:
        return Recovery("", continued_job_id, is_last_state=True)
    return Recovery(savepoint, continued_job_id)
