"""Programs that load prices at the same time, or die half way: all is loaded, once."""

from collections.abc import Sequence
from pathlib import Path
from threading import Barrier, Thread

import pytest
from pyiceberg.catalog import Catalog

from iceberg import price_lists
from iceberg.price_lists import OpenPriceLists
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import load_rate_cards
from jobs.load_rate_cards import main
from schemas.price_lists import PRICE_LISTS, PriceShape
from tests.jobs.loading_prices import (
    Output,
    call,
    catalog_of,
    empty_tables,
    lists_of,
    load,
    refused,
)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables are empty."""
    return empty_tables(tmp_path)


def test_two_at_once_load_it_once(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read empty tables; one commits, the other finds it there."""
    arguments = call(settings)
    both_have_read = Barrier(2, timeout=60)
    read, firsts = price_lists.open_price_lists, iter(range(2))

    def read_together(catalog: Catalog, namespace: str) -> OpenPriceLists:
        found = read(catalog, namespace)
        if next(firsts, None) is not None:
            both_have_read.wait()
        return found

    monkeypatch.setattr(load_rate_cards, "open_price_lists", read_together)
    codes: list[int] = []
    threads = [Thread(target=lambda: codes.append(main(arguments, {}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    printed = capsys.readouterr().out.splitlines()
    for name in ("rate_cards", "contracts", "credit_grants"):
        assert sorted(line for line in printed if line.startswith(name)) == [
            f"{name}: 0 new",
            f"{name}: 1 new",
        ]
        assert len(catalog_of(settings).load_table(("billing", name)).snapshots()) == 1


@pytest.mark.parametrize("error", [CommitConflictError, UnknownCommitError, KeyboardInterrupt])
@pytest.mark.parametrize("at", ["rate_cards", "credit_grants"])
def test_what_was_begun_is_finished(
    settings: Path,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    at: str,
) -> None:
    """Wherever it stops: by itself after a conflict, otherwise by the next call."""
    arguments = call(settings)
    append, calls = price_lists.append_list, []

    def stop(
        before: OpenPriceLists, name: str, shapes: Sequence[PriceShape], now_us: int, by: str
    ) -> None:
        calls.append(name)
        if name == at and calls.count(name) == 1:
            raise error("stopped")
        append(before, name, shapes, now_us, by)

    monkeypatch.setattr(load_rate_cards, "append_list", stop)
    if error is CommitConflictError:
        assert load(arguments, capsys) == {"rate_cards": 1, "contracts": 1, "credit_grants": 1}
    elif error is UnknownCommitError:
        assert refused(arguments, capsys) == "stopped"
    else:
        with pytest.raises(KeyboardInterrupt):
            main(arguments, {})
    assert main(arguments, {}) == 0
    found = lists_of(settings)
    assert [len(getattr(found, name)) for name in PRICE_LISTS] == [1, 1, 1, 0, 0]


def test_others_that_are_always_faster_end_it_in_one_line(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try for ever."""
    stale = price_lists.open_price_lists(catalog_of(settings), "billing")
    load(call(settings), capsys)
    monkeypatch.setattr(load_rate_cards, "open_price_lists", lambda *_: stale)
    assert refused(call(settings), capsys).startswith(
        "commit, tables of prices: expected no other program's, found 20 in a row"
    )
