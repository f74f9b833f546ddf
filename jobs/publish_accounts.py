"""Publishes accounts and their terms to the accounts topic, one record for each, keyed by its id.

    python -m jobs.publish_accounts --settings config/demo.yaml --accounts config/accounts.yaml

Publishing the same file again changes nothing: the topic keeps the last record of each account.
Where the settings have a section `privacy`, the accounts of the file are subjects, and what is
published are their pseudonyms: those that their usage has.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from jobs.kafka_clients import KafkaUnreachableError, open_producer
from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.settings import (
    KafkaSettings,
    PrivacySettings,
    SettingsError,
    TimestampType,
    load_accounts,
    load_settings,
)
from schemas.account import Account, encode_account
from udfs.keying import subject_key_of


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
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        kafka, accounts = settings.kafka, load_accounts(options.accounts)
        if settings.privacy is not None:
            accounts = pseudonymize_accounts(settings.privacy, accounts)
        publish_accounts(kafka, accounts)
    except (SettingsError, KafkaUnreachableError, KeyStoreError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{kafka.accounts_topic}: {len(accounts)} accounts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
