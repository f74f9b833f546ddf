"""The command line of the program that makes invoices."""

import argparse

from jobs.manual_acts import add_decision_options
from schemas.manual_act import ActKind

# `run` and `draft` do what charges, terms and the clock say; these are a person's word.
MANUAL_COMMANDS = {
    "approve": ActKind.APPROVE_INVOICES,
    "issue": ActKind.ISSUE_INVOICES,
    "void": ActKind.VOID_INVOICE,
}


def make_parser(description: str | None = None) -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="issue_invoices",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", required=True, help="settings file")
    commands = parser.add_subparsers(dest="command", required=True)
    named = "number, or id of an invoice without one"
    for name, doc in (
        ("run", "draft, approve and issue"),
        ("draft", "draft an invoice for each account with charges that are due"),
    ):
        command = commands.add_parser(name, help=doc)
        command.add_argument("--invoicing", required=True, help="file of seller, taxes and buyers")
        command.add_argument("--until", help="charges due by then, RFC 3339; now if left out")
    commands.add_parser("approve", help="approve all drafts")
    commands.add_parser("issue", help="give all approved invoices their numbers")
    command = commands.add_parser("void", help="make an invoice void")
    for name in MANUAL_COMMANDS:
        add_decision_options(commands.choices[name])
    command.add_argument("--number", required=True, help=named)
    command = commands.add_parser("show", help="show invoices and what is unbilled, or one invoice")
    command.add_argument("--number", help=named)
    command = commands.add_parser("render", help="write an invoice as JSON, HTML and PDF")
    command.add_argument("--number", required=True, help=named)
    command.add_argument("--out", required=True, help="folder")
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser
