"""Passes usage on from the intake topic to the usage topic, without the personal data in it.

    python -m jobs.pseudonymize_usage --settings config/live.yaml

It runs until it is told to end; several share the work. What it replaces, and how a subject is
erased, stands in docs/privacy.md.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from jobs.create_topics import TopicError
from jobs.kafka_clients import KafkaUnreachableError
from jobs.privacy.gateway import DeletedRecordsError, Gateway
from jobs.privacy.key_cache import KeyCache
from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.privacy.section import privacy_of
from jobs.settings import SettingsError, check_rules, load_meters, load_settings, master_key_of
from jobs.stop_signal import until_signal
from schemas.instant import DAY_US, SECOND_US
from udfs.parsing import ParsingRules, RecordParser
from udfs.pseudonymizing import Pseudonymizer


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="pseudonymize_usage", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument(
        "--skip-deleted",
        action="store_true",
        help="go on where records were deleted before they were passed on",
    )
    return parser


def main(arguments: Sequence[str], environ: Mapping[str, str], clock: Callable[[], float]) -> int:
    """Pass on until a signal to end comes.

    Args:
        arguments: Of the command line.
        environ: Process environment.
        clock: Seconds that only go forward.

    Returns:
        0; 1 where records of the intake were lost; 2 for a mistake, or an outage of minutes.
    """
    options = make_parser().parse_args(arguments)
    stopped = until_signal()
    try:
        settings = load_settings(options.settings, environ)
        privacy, metering = privacy_of(settings, options.settings), settings.metering
        meters = load_meters(metering.meters_file)
        check_rules(options.settings, privacy, meters)
        read = ParsingRules(
            meters,
            metering.max_record_bytes,
            metering.max_event_skew_s * SECOND_US,
            metering.max_event_age_days * DAY_US,
        )
        pseudonymizer = Pseudonymizer(
            privacy.rules, RecordParser(read), metering.max_record_bytes, master_key_of(privacy)
        )
        with open_key_store(privacy) as store:
            keys = KeyCache(store, privacy.key_recheck_s, clock())
            gateway = Gateway(
                settings.kafka, privacy, pseudonymizer, keys, clock, _tell, options.skip_deleted
            )
            passed = gateway.run(stopped)
    except (SettingsError, KafkaUnreachableError, TopicError, KeyStoreError) as error:
        print(error, file=sys.stderr)
        return 2
    except DeletedRecordsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{settings.kafka.usage_topic}: {passed}")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, time.monotonic))
