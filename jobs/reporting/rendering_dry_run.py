"""Shows what a dry run found: in tables and bars for people, and whole as JSON."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from itertools import groupby, islice
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.pricing.dry_running import DryRun
from jobs.reporting.amounts import grouped_text
from jobs.reporting.rendering_freezes import frozen_line
from schemas.charge_difference import LineChange, MoneyChange, NamedChange
from schemas.instant import EPOCH, MICROSECOND, to_text
from schemas.rate_card import RateCard
from udfs.comparing import BANDS, SAME, band_of, count_directions, percent_text

_BAR = 30
_PAID_CREDIT = "paid credit"


def print_dry_run(console: Console, found: DryRun, limit: int) -> None:
    """Print a dry run.

    Args:
        console: Where to.
        found: What to print.
        limit: Lines that are listed at most; what is left out is counted.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    for line in _compared(found):
        say(line)
    differences = found.differences
    currencies = differences.currencies()
    if found.is_same:
        say("No line differs.")
        return
    console.print(_totals(currencies))
    bands = _bands(differences.accounts())
    for money in currencies:
        say(_counts_text(money.currency, bands[money.currency]))
        console.print(_band_bars(money.currency, bands[money.currency]))
        products = [
            each for each in differences.products() if each.money.currency == money.currency
        ]
        if products:
            console.print(_product_bars(money.currency, products))
    _print_lines(console, found, limit)
    shown = min(limit, sum(each.lines for each in currencies))
    left_out = sum(each.lines for each in currencies) - shown
    if left_out:
        say(f"{left_out:,} more lines are left out; --limit shows more, --json all")


def write_dry_run(write: Callable[[str], object], found: DryRun) -> None:
    """Write a dry run as one JSON object, row by row: accounts and lines may be many.

    Amounts are in minor units; decimals are text. Accounts and lines are those that differ.

    Args:
        write: Takes text.
        found: What to write.
    """
    differences = found.differences
    bands = _bands(differences.accounts())
    run = found.run
    head = {
        "is_written": False,
        "as_of_run_id": None if run is None else run.run_id,
        "charges_snapshot_id": found.snapshot_id,
        "until_us": found.until_us,
        "code_version_before": None if run is None else run.code_version,
        "code_version": found.code_version,
        "rate_card_file": found.rate_card_path,
        "tried": list(map(_card, found.tried)),
        "left_out": list(map(_card, found.left_out)),
        "unfinished_run_ids": found.unfinished_run_ids,
        "accounts_looked_at": found.accounts,
        "frozen": list(map(asdict, found.frozen)),
        "currencies": [
            {
                **_money(each),
                "accounts": count_directions(bands[each.currency]),
                "bands": _all_bands(bands[each.currency]),
            }
            for each in differences.currencies()
        ],
        "products": [
            {"product": each.name, **_money(each.money)} for each in differences.products()
        ],
    }
    write(_text(head)[:-1])
    _write_list(
        write,
        "accounts",
        (
            {"account_id": each.name, **_money(each.money)}
            for each in differences.accounts()
            if each.money.lines
        ),
    )
    _write_list(write, "lines", map(asdict, differences.lines()))
    write("}\n")


def _write_list(write: Callable[[str], object], name: str, rows: Iterator[dict[str, Any]]) -> None:
    write(f",\n{_text(name)}: [")
    for place, row in enumerate(rows):
        write(f"{',' if place else ''}\n{_text(row)}")
    write("]")


def _compared(found: DryRun) -> Iterator[str]:
    """Yield lines that say what was compared with what."""
    yield "Dry run: nothing was written."
    run = found.run
    if run is None:
        yield f"before: the charges of now; after: what a run now would make of {_usage(found)}"
        yield f"code: {found.code_version}"
    else:
        at = to_text(run.at_us)
        yield f"before: charges as run {run.run_id} of {at} left them"
        yield f"after: the same usage, {_usage(found)}, priced again"
        yield f"code: {run.code_version} before, {found.code_version} after"
    if found.rate_card_path is None:
        yield "rate cards: the same" if run else "rate cards: those that are loaded"
    else:
        tried = ", ".join(map(_card_text, found.tried)) or "rates of exchange"
        left_out = ", ".join(map(_card_text, found.left_out)) or "none"
        yield f"rate cards: {tried} of {found.rate_card_path}, in place of {left_out}"
    if found.frozen:
        yield frozen_line(found.frozen)
    for run_id in found.unfinished_run_ids:
        yield f"run {run_id} has charges, and died before it was finished: the next run finishes it"


def _usage(found: DryRun) -> str:
    return f"{found.accounts:,} accounts up to {to_text(found.until_us)}"


def _card_text(card: RateCard) -> str:
    return f"{card.card_id} {card.currency} {card.version}"


def _bands(accounts: Iterator[NamedChange]) -> dict[str, Counter[str]]:
    """Return how many accounts are in each band, by currency."""
    found: dict[str, Counter[str]] = {}
    for each in accounts:
        found.setdefault(each.money.currency, Counter())[band_of(each.money)] += 1
    return found


def _counts_text(currency: str, found: Counter[str]) -> str:
    counts = count_directions(found)
    told = ", ".join(f"{count:,} pay {word}" for word, count in counts.items())
    return f"{sum(counts.values()):,} accounts in {currency}: {told}"


def _all_bands(found: Counter[str]) -> dict[str, int]:
    return {band: found[band] for band in BANDS}


def _totals(currencies: Sequence[MoneyChange]) -> TextTable:
    table = _table("Totals", ("currency",), ("before", "after", "difference", "", "lines differ"))
    for each in currencies:
        table.add_row(each.currency, *_amounts(each), percent_text(each), f"{each.lines:,}")
    return table


def _band_bars(currency: str, found: Counter[str]) -> TextTable:
    table = _table(f"Accounts that would pay, {currency}", ("",), ("accounts",), ("",))
    top = max(found.values())
    for band, count in _all_bands(found).items():
        if count or band == SAME:
            table.add_row(band, f"{count:,}", _bar(count, top))
    return table


def _product_bars(currency: str, products: Sequence[NamedChange]) -> TextTable:
    names = ("before", "after", "difference", "")
    table = _table(f"By product, {currency}", ("product",), names, ("",))
    top = max(abs(each.money.difference_minor) for each in products)
    for each in products:
        money = each.money
        bar = _bar(abs(money.difference_minor), top)
        name = escape(each.name or _PAID_CREDIT)
        table.add_row(name, *_amounts(money), percent_text(money), bar)
    return table


def _bar(part: int, top: int) -> str:
    """Return a bar; what is there at all has a mark."""
    return "█" * max(part * _BAR // top, 1) if part else ""


def _print_lines(console: Console, found: DryRun, limit: int) -> None:
    changed = (each for each in found.differences.accounts() if each.money.lines)
    accounts = {(each.name, each.money.currency): each.money for each in islice(changed, limit)}
    shown = islice(found.differences.lines(), limit)
    for name, lines in groupby(shown, key=lambda each: (each.account_id, each.currency)):
        before, after, difference = _amounts(accounts[name])
        percent = percent_text(accounts[name])
        title = f"{', '.join(name)}: {before} before, {after} after, {difference} {percent}"
        texts = ("period from", "for", "line", "of", "card")
        table = _table(escape(title.rstrip()), texts, ("before", "after", "change"))
        for each in lines:
            table.add_row(*_line(each))
        console.print(table)


def _line(line: LineChange) -> tuple[str, ...]:
    start = (EPOCH + line.period_start_us * MICROSECOND).astimezone(ZoneInfo(line.timezone))
    before, after = line.card_version_before, line.card_version
    versions = str(after) if before in (None, after) else f"{before}, now {after}"
    product = line.product or _PAID_CREDIT
    money = MoneyChange(line.currency, line.before_minor, line.after_minor, 1)
    return (
        start.date().isoformat(),
        line.kind.value,
        escape(line.line_id),
        escape(product if line.group == "{}" else line.group),
        escape(f"{line.card_id} {versions}"),
        *_amounts(money),
    )


def _amounts(money: MoneyChange) -> tuple[str, str, str]:
    sign = "+" if money.difference_minor > 0 else ""
    return (
        grouped_text(money.before_minor, money.currency),
        grouped_text(money.after_minor, money.currency),
        f"{sign}{grouped_text(money.difference_minor, money.currency)}",
    )


def _card(card: RateCard) -> dict[str, object]:
    return {
        "card_id": card.card_id,
        "currency": card.currency,
        "version": card.version,
        "effective_from_us": card.effective_from_us,
    }


def _money(money: MoneyChange) -> dict[str, object]:
    percent = percent_text(money)
    return {**asdict(money), "difference_minor": money.difference_minor, "percent": percent}


def _text(value: object) -> str:
    return json.dumps(value, default=_exact, ensure_ascii=False)


def _exact(value: object) -> str:
    """Return a decimal as text: JSON's numbers are read as floats."""
    assert isinstance(value, Decimal), f"expected a decimal, found {value!r}"
    return f"{value:f}"


def _table(
    title: str, texts: Sequence[str], amounts: Sequence[str], bars: Sequence[str] = ()
) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        table.add_column(name, no_wrap=True)
    for name in amounts:
        table.add_column(name, justify="right", no_wrap=True)
    for name in bars:
        table.add_column(name, no_wrap=True)
    return table
