"""Publishes accounts and their terms to the accounts topic, one record for each, keyed by its id.

    python -m jobs.publish_accounts --settings config/live.yaml --accounts config/accounts.yaml
        --by NAME --reason TEXT

Publishing the same file again changes nothing: the topic keeps the last record of each account.
Terms decide what is billed, so who published them, and why, is kept in the log of manual acts.
Where the settings have a section `privacy`, the accounts of the file are subjects, and what is
published are their pseudonyms: those that their usage has.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jobs.kafka_clients import KafkaUnreachableError, open_producer
from jobs.manual_acts import (
    REFUSED_ACTS,
    add_decision_options,
    file_facts,
    read_decision,
    recorded,
)
from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.settings import (
    KafkaSettings,
    PrivacySettings,
    Settings,
    SettingsError,
    TimestampType,
    load_accounts,
    load_settings,
)
from schemas.account import Account, encode_account
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision
from udfs.keying import subject_key_of

_REFUSED = (SettingsError, KafkaUnreachableError, KeyStoreError, *REFUSED_ACTS)


def publish_file(
    settings: Settings, path: str, decision: Decision, clock: Callable[[], int]
) -> tuple[Account, ...]:
    """Publish the accounts of a file, keep that in the log of manual acts, and return them.

    Where personal data is kept out, they are published, kept and returned under their pseudonyms.

    Args:
        settings: Name the topic, and the catalog that has the log.
        path: The file.
        decision: Who wants them published, and why.
        clock: Tells the time.

    Raises:
        SettingsError: The file is wrong; or see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: A broker does not answer or refuses a record.
        KeyStoreError: The key store does not answer.
        REFUSED_ACTS: As `jobs.manual_acts.recorded`.
    """
    accounts = load_accounts(path)
    if settings.privacy is not None:
        accounts = pseudonymize_accounts(settings.privacy, accounts)
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


def pseudonymize_accounts(
    privacy: PrivacySettings, accounts: Sequence[Account]
) -> tuple[Account, ...]:
    """Return the accounts under their pseudonyms; a subject that has none gets one.

    Raises:
        SettingsError: There is no master key, or it is not the one of the key store.
        KeyStoreError: The key store does not answer.
    """
    with open_key_store(privacy) as store:
        keys = [
            subject_key_of(store.make_key(each.account_id), each.account_id) for each in accounts
        ]
    return tuple(
        replace(account, account_id=key.pseudonym)
        for account, key in zip(accounts, keys, strict=True)
    )


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
