"""Meters one pod from beside it: CPU-seconds and memory GB-hours, as usage events for Kafka.

    python -m jobs.meter_pod --settings k8s/examples/metered-app/agent.yaml --account acme \
        --pod-uid 6f1c7f0e-3c1b-4a52-9d5e-1f0a4f6f2b11 --pod web-0 --namespace shop --node node-1 \
        --cgroup-root /host/kubepods --spool /var/spool/metering

It reads the pod's control group (cgroup v2) every minute, keeps what it tells in a spool on disk,
and sends it until Kafka has it. What it promises, and how it gets to see the pod's control group,
stands in docs/metering-pods.md.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from jobs.kafka_clients import client_arguments
from jobs.metering_agent.agent import Agent
from jobs.metering_agent.delivering import connect_kafka
from jobs.metering_agent.reading_cgroup import check_cgroup, find_cgroup, read_cgroup
from jobs.metering_agent.running import Moment, run_agent
from jobs.metering_agent.spool import LEAST_BYTES, Spool
from jobs.metering_agent.spool_lines import SpoolError
from jobs.settings import KafkaSettings, SettingsError, TimestampType, load_kafka
from jobs.stop_signal import until_signal
from schemas.instant import SECOND_US
from schemas.pod_usage import MeteredPod

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SPOOL_BYTES = 16 * 1024 * 1024
_EVERY_S, _MOST_EVERY_S = 60, 3600
_GRACE_S = 20
_HELD_INTERVALS = 2
_TEXT = 256
_UID = re.compile(r"[0-9A-Za-z-]{1,64}")


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="meter_pod", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument(
        "--settings", required=True, help="settings file; its section kafka is read"
    )
    parser.add_argument("--account", required=True, help="account that pays for the pod")
    parser.add_argument("--pod-uid", required=True, help="the pod's uid")
    parser.add_argument("--pod", required=True, help="the pod's name")
    parser.add_argument("--namespace", required=True, help="the pod's namespace")
    parser.add_argument("--node", required=True, help="the node's name")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--cgroup", type=Path, help="folder of the control group that is metered")
    where.add_argument(
        "--cgroup-root", type=Path, help="folder in which the group is found by the pod's uid"
    )
    parser.add_argument("--spool", type=Path, required=True, help="folder for what is not sent yet")
    parser.add_argument(
        "--spool-bytes", type=int, default=_SPOOL_BYTES, help="size that the spool keeps to"
    )
    parser.add_argument("--every", type=int, default=_EVERY_S, help="seconds between two readings")
    parser.add_argument(
        "--grace", type=int, default=_GRACE_S, help="seconds for what waits, when told to end"
    )
    return parser


def main(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    clock: Callable[[], Moment],
    boot_id: str,
) -> int:
    """Meter until a signal to end comes.

    Args:
        arguments: Of the command line.
        environ: Process environment.
        clock: The time.
        boot_id: The kernel's id of this run of the node.

    Returns:
        0; 1 where events still wait in the spool or the disk failed; 2 for a mistake.
    """
    options = make_parser().parse_args(arguments)
    try:
        pod = _pod(options)
        _check_numbers(options)
        kafka = _kafka(options.settings, environ)
        folder = options.cgroup or find_cgroup(options.cgroup_root, pod.pod_uid)
        check_cgroup(folder)
        with _open_spool(options.spool, options.spool_bytes) as spool:
            if spool.dropped_bytes:
                _tell(f"the spool ended in {spool.dropped_bytes} bytes of a line never finished")
            hold_us = _HELD_INTERVALS * options.every * SECOND_US
            agent = Agent(pod, spool, hold_us, uuid4().hex, _tell)

            def sample(moment: Moment) -> None:
                agent.take(read_cgroup(folder, pod.pod_uid, boot_id, *moment))

            connect = lambda: connect_kafka(kafka)  # noqa: E731  a name for one expression
            waiting = run_agent(
                spool, sample, connect, clock, options.every, options.grace, until_signal(), _tell
            )
    except (SettingsError, SpoolError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"disk, {options.spool}: expected to write, found {error}", file=sys.stderr)
        return 1
    if waiting:
        _tell(f"{waiting} events wait in {options.spool}")
    return 1 if waiting else 0


def _pod(options: argparse.Namespace) -> MeteredPod:
    for name in ("account", "pod", "namespace", "node"):
        value = getattr(options, name)
        if not 0 < len(value) <= _TEXT or not value.isprintable():
            expected = f"1 to {_TEXT} printable characters"
            raise SettingsError("bad option", f"--{name}", expected, repr(value))
    if not _UID.fullmatch(options.pod_uid):
        raise SettingsError("bad option", "--pod-uid", "a uid", repr(options.pod_uid))
    return MeteredPod(
        options.account, options.pod_uid, options.namespace, options.pod, options.node
    )


def _check_numbers(options: argparse.Namespace) -> None:
    for name, least, most in (
        ("every", 1, _MOST_EVERY_S),
        ("grace", 0, _MOST_EVERY_S),
        ("spool_bytes", LEAST_BYTES, 2**40),
    ):
        if not least <= (value := getattr(options, name)) <= most:
            option = f"--{name.replace('_', '-')}"
            raise SettingsError("bad option", option, f"from {least} to {most}", str(value))


def _kafka(path: str, environ: Mapping[str, str]) -> KafkaSettings:
    kafka = load_kafka(path, environ)
    client_arguments(kafka)
    if kafka.timestamp_type is not TimestampType.LOG_APPEND_TIME:
        expected = "LogAppendTime: an agent writes as usage happens, never into an import"
        where = f"{path} kafka.timestamp_type"
        raise SettingsError("bad value", where, expected, str(kafka.timestamp_type))
    return kafka


def _open_spool(folder: Path, max_bytes: int) -> Spool:
    try:
        return Spool(folder, max_bytes)
    except OSError as error:
        expected = "a folder that can be written"
        raise SettingsError("spool", str(folder), expected, str(error)) from None


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _now() -> Moment:
    boot_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return Moment(time.time_ns() // 1000, boot_ns // 1000)


if __name__ == "__main__":
    code = main(sys.argv[1:], os.environ, _now, _BOOT_ID.read_text().strip())
    if code == 1:
        # Delivery may be within a call that no one can end; leaving must neither wait nor complain.
        os._exit(code)
    sys.exit(code)
