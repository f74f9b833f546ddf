"""Shows what an examination of a deployment found: a line for each finding."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from schemas.finding import Finding, Verdict

_STYLES = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.FAILED: "bold red",
    Verdict.SKIPPED: "dim",
}


def print_findings(console: Console, findings: Sequence[tuple[str, Finding]]) -> None:
    """Print a row for each finding, and how many there are of each verdict."""
    table = TextTable(box=box.SIMPLE)
    for name in ("check", "verdict"):
        table.add_column(name, no_wrap=True)
    table.add_column("found; what is expected, and what to do", overflow="fold")
    for name, finding in findings:
        style = _STYLES[finding.verdict]
        table.add_row(name, f"[{style}]{finding.verdict}[/]", escape(_text(finding)))
    console.print(table, highlight=False)
    counts = Counter(finding.verdict for _, finding in findings)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    console.print(told, highlight=False)


def _text(finding: Finding) -> str:
    lines = [finding.found]
    if finding.expected:
        lines.append(f"expected: {finding.expected}")
    if finding.remedy:
        lines.append(f"to do: {finding.remedy}")
    return "\n".join(lines)
