"""Shows what a rewind did to the tables, or would do, and what others have made of it since."""

from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.maintaining.rewinding import RewindReport
from jobs.reporting.amounts import grouped_text

_SHOWN = 20


def rewind_json(report: RewindReport) -> dict[str, object]:
    """Return the report as members of JSON; no charge is left out."""
    return {
        "savepoint": report.savepoint.path,
        "checkpoint_id": report.savepoint.checkpoint_id,
        "change_id": report.change_id,
        "finished": list(report.finished),
        "tables": [
            {
                "table": plan.table.name,
                "from_snapshot_id": plan.head_id,
                "from_checkpoint_id": plan.last.checkpoint_id,
                "to_snapshot_id": plan.target_id,
                "to_checkpoint_id": plan.target_checkpoint_id,
                "rows": report.rolled_back.rows[plan.table.name],
            }
            for plan in report.plans
        ],
        "run_ids": list(report.rolled_back.run_ids),
        "charges": [asdict(each) for each in report.rolled_back.charges],
        "brought_back": list(report.rolled_back.brought_back),
    }


def print_rewind(console: Console, report: RewindReport) -> None:
    """Print tables, then charges and decisions that rest on rows which are taken out."""
    for change_id in report.finished:
        console.print(f"Finished: the rewind {change_id}, which had been stopped half way.")
    checkpoint = report.savepoint.checkpoint_id
    if not report.plans:
        console.print(f"No table tells of more than checkpoint {checkpoint}: nothing to put back.")
        return
    done = "Put back" if report.change_id else "Would be put back"
    table = TextTable(
        title=f"{done} to checkpoint {checkpoint}", box=box.SIMPLE, title_justify="left"
    )
    table.add_column("table")
    for name in ("of checkpoint", "to one of", "rows that go"):
        table.add_column(name, justify="right")
    for plan in report.plans:
        before = plan.target_checkpoint_id
        table.add_row(
            plan.table.name,
            str(plan.last.checkpoint_id),
            "none, empty" if before is None else str(before),
            f"{report.rolled_back.rows[plan.table.name]:,}",
        )
    console.print(table)
    _print_rest(console, report)


def _print_rest(console: Console, report: RewindReport) -> None:
    found = report.rolled_back
    if found.charges:
        console.print(
            f"{len(found.charges):,} charges were priced from rows that go. They stay: the job"
            " writes the same rows again, and until it has caught up pricing refuses to run."
        )
        for each in found.charges[:_SHOWN]:
            amount = grouped_text(each.amount_minor, each.currency)
            console.print(
                f"  {escape(each.charge_id)}  {escape(each.account_id)}  {amount} {each.currency}"
            )
        if len(found.charges) > _SHOWN:
            console.print(f"  and {len(found.charges) - _SHOWN:,} more; --json has them all")
    for row_id in found.brought_back:
        console.print(f"Brought back by people, and its source comes again: {escape(row_id)}")
    if report.change_id:
        console.print(
            f"Restore the job from {escape(report.savepoint.path)} now. The change is"
            f" {report.change_id} in table_changes."
        )
