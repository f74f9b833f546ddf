"""A subject as it is named on a command line."""

from typing import TextIO

from jobs.settings import SettingsError
from udfs.masking import MAX_TEXT


def subject_of(option: str, given: TextIO) -> str:
    """Return the subject that an option names.

    Args:
        option: The subject, or a hyphen where it is the one line of `given`.
        given: Standard input.

    Raises:
        SettingsError: It is none that metering would take; the message does not show it.
    """
    subject = given.read().removesuffix("\n") if option == "-" else option
    if not 0 < len(subject) <= MAX_TEXT or "\n" in subject:
        expected = f"a subject of 1 to {MAX_TEXT} characters"
        found = f"{len(subject)} characters"
        raise SettingsError("bad option", "--subject", expected, found)
    return subject
