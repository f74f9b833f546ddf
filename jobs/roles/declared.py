"""The one declaration of who reads and writes which tables: programs, and roles of both kinds.

Roles of people go by the class of a table's content, so a new table is in them by itself. Those of
programs come from what each program writes. Programs that write check all tables before they
start, so they read all.
"""

from iceberg.change_tables import ACCEPTED_COMMITS, TABLE_CHANGES
from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.decided_tables import (
    BACKFILLED_EVENTS,
    BROUGHT_BACK_USAGE,
    FREEZES,
    MANUAL_ACTS,
    USAGE_ADJUSTMENTS,
)
from iceberg.invoice_tables import INVOICES
from iceberg.ledger_tables import JOURNAL
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.reconciliation_tables import RECONCILIATION_TABLES
from iceberg.seal_tables import SEALS
from iceberg.service_tables import SERVICE_LEVELS
from iceberg.table import Table
from iceberg.tables import METERING_WINDOWS, STREAM_TABLES, TABLES
from jobs.roles.role import Program, Role
from schemas.content import Content

_METERING, _BILLING, _DECIDING = "metering", "billing", "deciding"
_CHECKING, _MAINTAINING = "checking", "maintaining"

PROGRAMS: tuple[Program, ...] = (
    Program("meter_usage", (*STREAM_TABLES, MANUAL_ACTS), _METERING),
    Program("price_usage", (CHARGES, RUNS, JOURNAL), _BILLING),
    Program("issue_invoices", (INVOICES, JOURNAL, MANUAL_ACTS), _BILLING),
    Program("load_rate_cards", (*PRICING_TABLES, MANUAL_ACTS), _DECIDING),
    Program("bring_back_usage", (BROUGHT_BACK_USAGE, MANUAL_ACTS), _DECIDING),
    Program(
        "backfill_usage",
        (BACKFILLED_EVENTS, USAGE_ADJUSTMENTS, BROUGHT_BACK_USAGE, MANUAL_ACTS),
        _DECIDING,
    ),
    Program("freeze_billing", (FREEZES, MANUAL_ACTS), _DECIDING),
    Program("accept_commits", (ACCEPTED_COMMITS, MANUAL_ACTS), _DECIDING),
    Program("publish_accounts", (MANUAL_ACTS,), _DECIDING),
    Program("erase_subject", (MANUAL_ACTS,), _DECIDING),
    Program("show_pseudonym", (MANUAL_ACTS,), _DECIDING),
    Program("seal_usage", (SEALS,), _CHECKING),
    Program("reconcile_usage", RECONCILIATION_TABLES, _CHECKING),
    Program("reconcile_charges", (CHARGE_RECONCILIATIONS,), _CHECKING),
    Program("measure_service", (SERVICE_LEVELS,), _CHECKING),
    Program("create_tables", TABLES, _MAINTAINING),
    Program("maintain_tables", TABLES, _MAINTAINING),
    Program("roll_up_windows", (METERING_WINDOWS,), _MAINTAINING),
    Program("rewind_tables", (*STREAM_TABLES, TABLE_CHANGES, MANUAL_ACTS), _MAINTAINING),
    Program("show_charges", reads=(CHARGES,)),
    Program("show_ledger", reads=(JOURNAL,)),
    Program("verify_ledger", reads=(JOURNAL,)),
    Program("export_focus", reads=(CHARGES, INVOICES)),
    Program("list_acts", reads=(MANUAL_ACTS,)),
    Program("show_usage"),
    Program("explain_charge"),
    Program("recompute_usage"),
    Program("list_conflicts"),
    Program("check_commits"),
    Program("doctor"),
)
"""Every program that opens the catalog."""


def _holding(*contents: Content) -> tuple[Table, ...]:
    return tuple(table for table in TABLES if table.content in contents)


def _of_programs(name: str, doc: str) -> Role:
    written = {
        table.name for program in PROGRAMS if program.role == name for table in program.writes
    }
    writes = tuple(table for table in TABLES if table.name in written)
    return Role(name, doc, writes=writes, creates=name == _MAINTAINING)


ROLES: tuple[Role, ...] = (
    Role(
        "analyst",
        "people and tools that look at usage and prices",
        _holding(Content.USAGE, Content.PRICES),
    ),
    Role(
        "finance",
        "people and tools that look at charges, the ledger and invoices, too",
        _holding(Content.USAGE, Content.PRICES, Content.MONEY),
    ),
    Role("auditor", "who must be able to see everything, received bytes too"),
    _of_programs(_METERING, "the streaming job"),
    _of_programs(_BILLING, "pricing and invoicing"),
    _of_programs(_DECIDING, "what people decide: prices, repairs, freezes"),
    _of_programs(_CHECKING, "what proves, reconciles and measures"),
    _of_programs(_MAINTAINING, "what makes, merges, expires and puts back tables"),
)
"""All roles, those of people first."""
