"""The metering job: Kafka records to closed usage and corrections in Iceberg.

python -m jobs.meter_usage --settings config/demo.yaml
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError, check_tables
from jobs.create_topics import TopicError, check_topics
from jobs.flink.class_path import MissingJarError, check_class_path
from jobs.flink.job import run_job
from jobs.kafka_clients import KafkaUnreachableError
from jobs.settings import SettingsError, load_meters, load_settings

_REFUSALS = (
    SettingsError,
    TopicError,
    KafkaUnreachableError,
    TableConflictError,
    CatalogUnreachableError,
    MissingJarError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check everything the job needs, then submit it.

    Returns:
        0; or 2 after one line on what is wrong: what, where, expected, found.
    """
    parser = argparse.ArgumentParser(prog="meter_usage", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, help="settings file")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, os.environ)
        meters = load_meters(settings.metering.meters_file)
        check_topics(settings.kafka)
        check_tables(open_catalog(settings.catalog), settings.catalog.namespace)
        check_class_path(settings.catalog)
    except _REFUSALS as error:
        print(f"meter_usage: {error}", file=sys.stderr)
        return 2
    run_job(settings, meters)
    return 0


if __name__ == "__main__":
    sys.exit(main())
