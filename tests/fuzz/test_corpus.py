"""The nastiest inputs that were found or thought of, each kept as a file named by what it does."""

import json

import pytest

from tests.fuzz.checking import check_account, check_file, check_log, check_record
from tests.fuzz.corpus import FOLDER, kept
from tests.fuzz.loaders import LOADERS
from tests.udfs.reading import LOG_MS, PARSER
from udfs.parsing import ParsedRecord

RECORDS = kept("records")
FILES = [(kind, name) for kind in (*LOADERS, "yaml") if kind != "accounts" for name in kept(kind)]
# What the examples of config/ have may stand in a kept file beside what is nasty in it.
READABLE = {("rate_cards", "price_minus_zero")}


@pytest.mark.parametrize("name", RECORDS)
def test_a_kept_record(name: str) -> None:
    """Both judges say the same of it, and what they say can be stored."""
    check_record(RECORDS[name])


def test_a_log_of_the_kept_records() -> None:
    """The job's rules, through crashes, give the recompute's rows; each record has one fate."""
    few = [payload for name, payload in RECORDS.items() if not is_costly(name, payload)]
    assert len(few) > 60
    fates = check_log(few, seed=1)
    assert set(fates) == {
        "counted", "duplicate", "rejected", "retraction", "heartbeat", "batch"
    }  # fmt: skip


def is_costly(name: str, payload: bytes) -> bool:
    """Return whether a record adds much time and little else: many elements, one more reject."""
    record = PARSER.parse(payload, LOG_MS)
    is_alike = name.startswith("subject") and record.account_id != "A"  # waits for its account
    is_reject = record.reason is not None and not name.startswith(("bytes", "json"))
    return is_reject or is_alike or len(record.batch or ()) > 50


def test_each_reason_is_kept() -> None:
    """The corpus leads to every reason for which a whole record is refused, but two of its time."""
    found = {PARSER.parse(payload, LOG_MS).reason for payload in RECORDS.values()}
    assert {str(reason) for reason in found} >= {
        "None", "too_large", "malformed_json", "not_an_object", "missing_field", "too_long",
        "unsupported_specversion", "bad_time", "too_far_future", "bad_retraction", "unknown_type",
    }  # fmt: skip


@pytest.mark.parametrize("name", kept("accounts"))
def test_a_kept_account(name: str) -> None:
    """It is refused in one line, or metered without a stop."""
    check_account(kept("accounts")[name])


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_a_kept_file(kind: str, name: str) -> None:
    """Its reader refuses it in one line; YAML that says nothing, each reader does."""
    for reader in LOADERS if kind == "yaml" else [kind]:
        check_file(reader, kept(kind)[name], must_refuse=(kind, name) not in READABLE)


def test_the_corpus_is_small() -> None:
    """Under 500 KiB; what is long is a recipe, and every recipe gives what it says."""
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) < 500 * 1024
    for name, recipe in json.loads((FOLDER / "long.json").read_text())["records"].items():
        if "times" not in recipe:
            assert recipe["bytes"] - len(recipe["piece"]) < len(RECORDS[name]) <= recipe["bytes"]


def test_a_lost_difference_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that counts what it should refuse fails on the corpus."""
    honest = PARSER.parse

    def generous(payload: bytes | None, log_ms: int) -> ParsedRecord:
        record = honest(payload, log_ms)
        return record._replace(reason=None, shares=()) if record.reason == "bad_time" else record

    class Generous:
        parse = staticmethod(generous)

    monkeypatch.setattr("tests.udfs.reading.PARSER", Generous)
    with pytest.raises(AssertionError):
        check_record(RECORDS["time_leap_second"])
