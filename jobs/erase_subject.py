"""Erases a subject: drops the key behind its pseudonym, so that nobody finds the one by the other.

    python -m jobs.erase_subject --settings S --subject jane@example.com --by NAME --reason TEXT

Rows of usage, seals, ledger and invoices stay as they are, under a pseudonym that no longer stands
for anybody. Erasing again changes nothing. `--subject -` reads it from standard input.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from jobs.manual_acts import REFUSED_ACTS, add_decision_options, read_decision, recorded
from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.privacy.section import privacy_of
from jobs.privacy.subject import subject_of
from jobs.settings import PrivacySettings, Settings, SettingsError, load_settings
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision


def erase_subject(
    settings: Settings,
    privacy: PrivacySettings,
    subject: str,
    decision: Decision,
    clock: Callable[[], int],
) -> bool:
    """Drop the key of a subject and keep that in the log of manual acts, by no name that tells.

    Args:
        settings: Name the catalog that has the log.
        privacy: Names the key store.
        subject: Whom.
        decision: Who wants it, and why.
        clock: Tells the time.

    Returns:
        Whether there was a key.

    Raises:
        SettingsError: There is no master key, or it is not the one of the key store.
        KeyStoreError: The key store does not answer; whether the key is gone is not known.
        REFUSED_ACTS: As `jobs.manual_acts.recorded`.
    """
    with open_key_store(privacy) as store:
        about: dict[str, object] = {"subject": store.log_name(subject)}
        asked = AskedAct(ActKind.ERASE_SUBJECT, "jobs.erase_subject", decision, about)
        with recorded(settings.catalog, asked, clock) as act:
            was_there = store.drop_key(subject)
            act.add(had_key=was_there)
            return was_there


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="erase_subject",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--subject", required=True, help="whom; - reads it from standard input")
    add_decision_options(parser, "no personal data: ")
    return parser


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Erase a subject; return the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        decision = read_decision(options)
        subject = subject_of(options.subject, sys.stdin)
        settings = load_settings(options.settings, environ)
        privacy = privacy_of(settings, options.settings)
        was_there = erase_subject(
            settings, privacy, subject, decision, lambda: to_us(datetime.now(UTC))
        )
    except (SettingsError, KeyStoreError, *REFUSED_ACTS) as error:
        print(error, file=sys.stderr)
        return 2
    if was_there:
        print(f"erased: the subject's key is dropped, by {decision.decided_by}: {decision.reason}")
    else:
        print("nothing to erase: the subject has no key; it never had one, or it is erased already")
    _print_rest(privacy)
    return 0


def _print_rest(privacy: PrivacySettings) -> None:
    """Print what dropping a key does not reach."""
    print(
        "what is left:\n"
        f"- running gateways forget the key within {privacy.key_recheck_s} s\n"
        f"- raw records go from {privacy.intake_topic} by its retention\n"
        "- backups of the key store, and logs that its database keeps, go by theirs\n"
        "- names in contracts, invoices and at producers are yours to delete or to keep"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
