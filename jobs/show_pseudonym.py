"""Shows the pseudonym of a subject: the account's id in usage, contracts and invoices.

    python -m jobs.show_pseudonym --settings config/live.yaml --subject jane@example.com

A subject that has none gets one with `--create`, for instance to write its contract before its
first usage. `--subject -` reads it from standard input, so that no list of processes shows it.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.privacy.section import privacy_of
from jobs.privacy.subject import subject_of
from jobs.settings import SettingsError, load_settings
from udfs.keying import subject_key_of


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Show the pseudonym; return 0, 1 where there is none, 2 for a mistake."""
    parser = argparse.ArgumentParser(
        prog="show_pseudonym", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--subject", required=True, help="whose; - reads it from standard input")
    parser.add_argument("--create", action="store_true", help="give it one where it has none")
    options = parser.parse_args(arguments)
    try:
        subject = subject_of(options.subject, sys.stdin)
        privacy = privacy_of(load_settings(options.settings, environ), options.settings)
        with open_key_store(privacy) as store:
            key = store.make_key(subject) if options.create else store.find_key(subject)
    except (SettingsError, KeyStoreError) as error:
        print(error, file=sys.stderr)
        return 2
    if key is None:
        print("subject: expected a pseudonym, found none; --create makes one", file=sys.stderr)
        return 1
    print(subject_key_of(key, subject).pseudonym)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
