"""Erases a subject: drops the key behind its pseudonym, so that nobody finds the one by the other.

    python -m jobs.erase_subject --settings S --subject jane@example.com --by NAME --reason TEXT

Rows of usage, seals, ledger and invoices stay as they are, under a pseudonym that no longer stands
for anybody. Erasing again changes nothing. `--subject -` reads it from standard input.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.privacy.section import privacy_of
from jobs.privacy.subject import subject_of
from jobs.settings import PrivacySettings, SettingsError, load_settings


def erase_subject(privacy: PrivacySettings, subject: str) -> bool:
    """Drop the key of a subject; return whether there was one.

    Raises:
        SettingsError: There is no master key, or it is not the one of the key store.
        KeyStoreError: The key store does not answer; whether the key is gone is not known.
    """
    with open_key_store(privacy) as store:
        return store.drop_key(subject)


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="erase_subject",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--subject", required=True, help="whom; - reads it from standard input")
    parser.add_argument("--by", default="", help="who decides")
    parser.add_argument("--reason", default="", help="why, without personal data")
    return parser


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Erase a subject; return the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        by, reason = _words(options.by, "--by"), _words(options.reason, "--reason")
        subject = subject_of(options.subject, sys.stdin)
        privacy = privacy_of(load_settings(options.settings, environ), options.settings)
        was_there = erase_subject(privacy, subject)
    except (SettingsError, KeyStoreError) as error:
        print(error, file=sys.stderr)
        return 2
    if was_there:
        print(f"erased: the subject's key is dropped, by {by}: {reason}")
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


def _words(text: str, option: str) -> str:
    """Return a text in one line, as it is shown in one."""
    if not text.split():
        raise SettingsError("missing option", "command line", f"{option} with a word", "nothing")
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
