"""Publishes accounts and their terms to the accounts topic, one record for each, keyed by its id.

    python -m jobs.publish_accounts --settings config/live.yaml --accounts config/accounts.yaml
        --by NAME --reason TEXT

Publishing the same file again changes nothing: the topic keeps the last record of each account.
Terms decide what is billed, so who published them, and why, is kept in the log of manual acts.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError
from iceberg.creating import TableConflictError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.kafka_clients import KafkaUnreachableError, open_producer
from jobs.manual_acts import add_decision_options, file_facts, read_decision, recorded
from jobs.settings import (
    KafkaSettings,
    Settings,
    SettingsError,
    TimestampType,
    load_accounts,
    load_settings,
)
from schemas.account import Account, encode_account
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision

_REFUSED = (
    SettingsError,
    KafkaUnreachableError,
    CatalogUnreachableError,
    TableConflictError,
    CommitConflictError,
    UnknownCommitError,
)


def publish_file(
    settings: Settings, path: str, decision: Decision, clock: Callable[[], int]
) -> tuple[Account, ...]:
    """Publish the accounts of a file, keep that in the log of manual acts, and return them.

    Args:
        settings: Name the topic, and the catalog that has the log.
        path: The file.
        decision: Who wants them published, and why.
        clock: Tells the time.

    Raises:
        SettingsError: The file is wrong; or see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: A broker does not answer or refuses a record.
        CatalogUnreachableError, TableConflictError, CommitConflictError, UnknownCommitError: As
            `jobs.manual_acts.recorded`.
    """
    accounts = load_accounts(path)
    about: dict[str, object] = {
        "topic": settings.kafka.accounts_topic,
        **file_facts(path, "--accounts"),
        "accounts": [each.account_id for each in accounts],
    }
    asked = AskedAct(ActKind.PUBLISH_ACCOUNTS, "jobs.publish_accounts", decision, about)
    with recorded(settings.catalog, asked, clock):
        publish_accounts(settings.kafka, accounts)
    return accounts


def publish_accounts(kafka: KafkaSettings, accounts: Sequence[Account]) -> None:
    """Publish the accounts in the given order and make sure that each one has arrived.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: a broker does not answer or refuses a record.
    """
    with open_producer(kafka) as producer:
        sent = [
            producer.send(
                kafka.accounts_topic,
                key=account.account_id.encode(),
                value=encode_account(account),
                timestamp_ms=_log_time_ms(kafka, account),
            )
            for account in accounts
        ]
        producer.flush()
        for each in sent:
            each.get()


def _log_time_ms(kafka: KafkaSettings, account: Account) -> int | None:
    """Return the record's time: in an import the terms come before the usage they hold for.

    The job's time is held by an accounts record until the topic has been read once, and only one
    that is not ahead of the usage can hold it.
    """
    if kafka.timestamp_type is TimestampType.LOG_APPEND_TIME:
        return None
    return max(0, account.terms[0].effective_from_us // 1000)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Publish the accounts of a file; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="publish_accounts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--accounts", required=True, help="accounts file")
    add_decision_options(parser)
    options = parser.parse_args(arguments)
    try:
        decision = read_decision(options)
        settings = load_settings(options.settings, environ)
        accounts = publish_file(
            settings, options.accounts, decision, lambda: to_us(datetime.now(UTC))
        )
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{settings.kafka.accounts_topic}: {len(accounts)} accounts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
