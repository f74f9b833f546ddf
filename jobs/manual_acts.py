"""Keeps manual acts in a log: who did what, when and why, before it is done and after it.

A program wraps its act, and nothing else, with `recorded`; its parser takes `--by` and `--reason`.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from iceberg.act_store import ActStore
from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.settings import CatalogSettings, SettingsError
from schemas.manual_act import ActEntry, AskedAct, Decision
from udfs.chaining import START
from udfs.recording import begin_act, end_act

REFUSED_ACTS = (
    CatalogUnreachableError,
    TableConflictError,
    CommitConflictError,
    UnknownCommitError,
)
"""What `recorded` raises where the log of manual acts is the reason."""


class ComeTo:
    """What an act comes to; kept with its end, however it ends."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.members: dict[str, object] = {}

    def add(self, **members: object) -> None:
        """Add values of JSON, in their order; never a secret."""
        self.members.update(members)


@contextmanager
def recorded(
    settings: CatalogSettings, asked: AskedAct, clock: Callable[[], int]
) -> Iterator[ComeTo]:
    """Write down that an act begins, let it be done, and write down how it ended.

    Where the first row cannot be written, nothing is done.

    Args:
        settings: Where the log is.
        asked: What is to be done.
        clock: Tells the time in microseconds: at the beginning and at the end.

    Yields:
        What takes notes of what the act has come to.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: There is no log, or it is not as declared.
        CommitConflictError: Other programs were faster again and again; nothing was done.
        UnknownCommitError: The catalog gave no clear answer and nothing was done; or the act is
            done, and the log did not take its end.
    """
    store = ActStore(open_catalog(settings), settings.namespace)
    at_us = clock()
    begun = store.append(lambda head: begin_act(asked, at_us, head or START, VERSION))
    come_to = ComeTo()
    try:
        yield come_to
    except BaseException as error:
        failure = str(error).strip() or type(error).__name__
        try:
            _end(store, begun, come_to, failure, clock())
        except Exception as lost:
            error.add_note(f"manual_acts, act {begun.act_id}: it has no end there: {lost}")
        raise
    try:
        _end(store, begun, come_to, None, clock())
    except Exception as error:
        found = " ".join(str(error).partition("\n")[0].split()) or type(error).__name__
        raise UnknownCommitError(
            f"manual_acts, act {begun.act_id}: it is done; expected the log to take its end,"
            f" found {found}"
        ) from error


def _end(
    store: ActStore, begun: ActEntry, come_to: ComeTo, failure: str | None, at_us: int
) -> None:
    store.append(lambda head: end_act(begun, come_to.members, failure, at_us, head or START))


def add_decision_options(parser: argparse.ArgumentParser, when: str = "") -> None:
    """Add `--by` and `--reason`.

    Args:
        parser: Gets them.
        when: When they are asked for, if not always: such as `with --adopt-tables: `.
    """
    parser.add_argument("--by", default="", help=f"{when}who decides")
    parser.add_argument("--reason", default="", help=f"{when}why")


def read_decision(options: argparse.Namespace, beside: str = "") -> Decision:
    """Return who decides and why, in one line each, as they are shown in one.

    Args:
        options: As the command line has them.
        beside: What else may be given instead, for the message.

    Raises:
        SettingsError: One of them has no word.
    """
    for option, text in (("--by", options.by), ("--reason", options.reason)):
        if not text.split():
            expected = f"{option} with a word{beside}"
            raise SettingsError("missing option", "command line", expected, "nothing")
    return Decision(" ".join(options.by.split()), " ".join(options.reason.split()))


def file_facts(path: str, option: str) -> dict[str, str]:
    """Return the name of a file that is loaded, and the SHA-256 of its bytes.

    Raises:
        SettingsError: It cannot be read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SettingsError("bad option", option, "a file to read", str(error)) from None
    return {"file": Path(path).name, "sha256": hashlib.sha256(content).hexdigest()}
