"""Programs that are given files nobody should write end with code 2 and one line."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from jobs import (
    beat_heartbeat,
    bring_back_usage,
    create_tables,
    create_topics,
    issue_invoices,
    list_conflicts,
    load_rate_cards,
    meter_usage,
    price_usage,
    publish_accounts,
    roll_up_windows,
    show_charges,
    show_ledger,
    show_usage,
    verify_ledger,
)
from tests.fuzz.corpus import kept
from tests.fuzz.loaders import CONFIG
from tests.jobs.metered_tables import write_settings

Program = Callable[[Sequence[str]], int]
WHY = ("--by", "fuzzer", "--reason", "to see")
ROLLING = ("--hours-after-days", "1", "--days-after-days", "2")
SIMPLE = (
    create_tables, create_topics, list_conflicts, price_usage, show_charges, show_ledger,
    show_usage, verify_ledger,
)  # fmt: skip
PROGRAMS: dict[str, Program] = {
    **{module.__name__.rpartition(".")[2]: partial(module.main, environ={}) for module in SIMPLE},
    "beat_heartbeat": lambda given: beat_heartbeat.main(
        [*given, "--at", "2013-01-01T00:00:00Z"], {}, lambda: 0
    ),
    "bring_back_usage": lambda given: bring_back_usage.main([*given, "--list"], {}),
    "meter_usage": lambda given: meter_usage.main(given, lambda: 0),
    "roll_up_windows": lambda given: roll_up_windows.main([*given, *ROLLING], {}, lambda: 0),
}
SETTINGS = {name: content for kind in ("yaml", "live") for name, content in kept(kind).items()}


def check_refused(
    program: Program, given: Sequence[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Check that a program returns 2 after one printable line, and says nothing else."""
    code = program([str(each) for each in given])
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.strip().isprintable()
    assert len(said.err) < 2500


@pytest.mark.parametrize("name", PROGRAMS)
def test_settings(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is wrong with them."""
    path = tmp_path / "settings.yaml"
    for content in SETTINGS.values():
        path.write_bytes(content)
        check_refused(PROGRAMS[name], ["--settings", path], capsys)


def test_meters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The job reads them before it asks for anything else."""
    settings = write_settings(tmp_path)
    for content in (*kept("yaml").values(), *kept("meters").values()):
        settings.with_name("meters.yaml").write_bytes(content)
        check_refused(PROGRAMS["meter_usage"], ["--settings", settings], capsys)


def test_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are read before a broker is asked."""
    settings, path = write_settings(tmp_path), tmp_path / "accounts.yaml"
    program = partial(publish_accounts.main, environ={})
    for content in kept("yaml").values():
        path.write_bytes(content)
        check_refused(program, ["--settings", settings, "--accounts", path, *WHY], capsys)


def test_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong file of either kind, beside a right one."""
    settings, path = write_settings(tmp_path), tmp_path / "prices.yaml"
    settings.with_name("meters.yaml").write_bytes((CONFIG / "meters.yaml").read_bytes())
    program = partial(load_rate_cards.main, environ={})
    cards, contracts = kept("rate_cards"), kept("contracts")
    del cards["price_minus_zero"]
    for content in (*kept("yaml").values(), *cards.values()):
        path.write_bytes(content)
        given = ["--settings", settings, "--rate-cards", path, "--contracts", path, *WHY]
        check_refused(program, given, capsys)
    no_cards = tmp_path / "cards.yaml"
    no_cards.write_text("rate_cards: []")
    for content in (*kept("yaml").values(), *contracts.values()):
        path.write_bytes(content)
        given = ["--settings", settings, "--rate-cards", no_cards, *WHY]
        check_refused(program, [*given, "--contracts", path], capsys)


def test_invoicing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seller, taxes and buyers."""
    settings, path = write_settings(tmp_path), tmp_path / "invoicing.yaml"
    program = partial(issue_invoices.main, environ={})
    until = ["--until", "2013-03-01T00:00:00Z"]
    for content in (*kept("yaml").values(), *kept("invoicing").values()):
        path.write_bytes(content)
        given = ["--settings", settings, "draft", "--invoicing", path, *until]
        check_refused(program, given, capsys)
