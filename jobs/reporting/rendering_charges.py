"""Shows what a pricing run did."""

from rich.console import Console

from jobs.pricing.running import PricingReport
from schemas.instant import to_text
from schemas.money import minor_digits


def print_pricing(console: Console, report: PricingReport) -> None:
    """Print a run's report, a line each."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    for run_id in report.finished_run_ids:
        say(f"run {run_id} had died and is finished now")
    if report.until_us is None:
        say("no usage yet: the metering job has not made two checkpoints of every table")
        return
    say(f"usage complete up to {to_text(report.until_us)}, {report.accounts:,} accounts")
    if report.run_id is None:
        say("nothing to charge: all of it was charged before")
        return
    say(f"run {report.run_id}: {report.charges:,} charges")
    for currency, amount_minor in sorted((report.amount_minor or {}).items()):
        say(f"  {amount_text(amount_minor, currency)} {currency}")


def amount_text(amount_minor: int, currency: str) -> str:
    """Return an amount in the major unit with its decimals: 12,345.60."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}.{rest:0{digits}d}" if digits else f"{sign}{whole:,}"
