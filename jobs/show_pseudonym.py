"""Shows the pseudonym of a subject: the account's id in usage, contracts and invoices.

    python -m jobs.show_pseudonym --settings config/live.yaml --subject jane@example.com
        --by NAME --reason TEXT

Whoever has it can read what the person used, so the log of manual acts keeps who asked. A subject
that has none gets one with `--create`, for instance to write its contract before its first usage.
`--subject -` reads it from standard input, so that no list of processes shows it.
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
from udfs.keying import subject_key_of


def show_pseudonym(
    settings: Settings,
    privacy: PrivacySettings,
    subject: str,
    creates: bool,
    decision: Decision,
    clock: Callable[[], int],
) -> str | None:
    """Return the pseudonym of a subject, and keep in the log of manual acts who asked.

    Args:
        settings: Name the catalog that has the log.
        privacy: Names the key store.
        subject: Whose.
        creates: Whether a subject that has none gets one; else it is None.
        decision: Who asks, and why.
        clock: Tells the time.

    Raises:
        SettingsError: There is no master key, or it is not the one of the key store.
        KeyStoreError: The key store does not answer.
        REFUSED_ACTS: As `jobs.manual_acts.recorded`.
    """
    with open_key_store(privacy) as store:
        about: dict[str, object] = {"subject": store.log_name(subject), "creates": creates}
        asked = AskedAct(ActKind.READ_SUBJECT, "jobs.show_pseudonym", decision, about)
        with recorded(settings.catalog, asked, clock) as act:
            key = store.make_key(subject) if creates else store.find_key(subject)
            act.add(had_key=key is not None)
    return None if key is None else subject_key_of(key, subject).pseudonym


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Show the pseudonym; return 0, 1 where there is none, 2 for a mistake."""
    parser = argparse.ArgumentParser(
        prog="show_pseudonym", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--subject", required=True, help="whose; - reads it from standard input")
    parser.add_argument("--create", action="store_true", help="give it one where it has none")
    add_decision_options(parser)
    options = parser.parse_args(arguments)
    try:
        decision = read_decision(options)
        subject = subject_of(options.subject, sys.stdin)
        settings = load_settings(options.settings, environ)
        privacy = privacy_of(settings, options.settings)
        pseudonym = show_pseudonym(
            settings,
            privacy,
            subject,
            options.create,
            decision,
            lambda: to_us(datetime.now(UTC)),
        )
    except (SettingsError, KeyStoreError, *REFUSED_ACTS) as error:
        print(error, file=sys.stderr)
        return 2
    if pseudonym is None:
        print("subject: expected a pseudonym, found none; --create makes one", file=sys.stderr)
        return 1
    print(pseudonym)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
