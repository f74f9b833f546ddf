"""The shape of what a reconciliation of charges has found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.books.differences import (
    Difference,
    DifferenceKind,
    Equation,
    Reconciled,
    WaitingUsage,
)
from audit.prices.charges import Comparison, LineDifference
from iceberg.reconciled_cut import ReconciledCut
from schemas.instant import to_us
from udfs.aggregating import plain_text
from udfs.identifying import digest

_KIND = "reconciliation"
_HOLDS, _DIFFERS = "holds", "differs"
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class ChargeReconciliation:
    """One reconciliation.

    Attributes:
        at_us: When it was made.
        cut: What was read.
        reconciled: Whether all adds up.
        compared: Prices of the last run beside those of an independent pricing.
    """

    at_us: int
    cut: ReconciledCut
    reconciled: Reconciled
    compared: Comparison

    @property
    def run_id(self) -> str | None:
        """The last run of pricing that was looked at; None: nothing was priced."""
        return self.cut.runs[-1].run_id if self.cut.runs else None

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All of them, that of the prices last."""
        return (*self.reconciled.equations, *map(_price_equation, _sums(self.compared)))

    @property
    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind, ordered by kind."""
        counts = dict(self.reconciled.counts)
        if number := len(self.compared.lines_that_differ):
            counts[DifferenceKind.PRICE_DIFFERS] = number
        return dict(sorted(counts.items()))

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts and all(each.holds for each in self.equations)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is wrong, of each kind the first 1,000."""
        lines = self.compared.lines_that_differ[:_MOST]
        return (*self.reconciled.differences, *map(_line_difference, lines))

    @property
    def reconciliation_id(self) -> str:
        """The same for the same tables, looked at at the same time."""
        texts = (str(self.at_us), self.run_id or "", _text(dict(self.cut.snapshot_ids)))
        return digest("charge_reconciliation", *texts)


def totals_of(found: ChargeReconciliation) -> dict[str, object]:
    """Return all that was compared and counted, as plain JSON."""
    compared = found.compared
    return {
        "equations": [_equation(each) for each in found.equations],
        "usage_rows": found.reconciled.explained,
        "waiting": _waiting(found.reconciled.waiting),
        "priced_again": {
            "account_periods": compared.periods,
            "lines": compared.lines,
            "not_recomputed": dict(sorted(compared.not_recomputed.items())),
            "amounts_minor": {
                currency: {"recomputed": covered, "charged": whole}
                for currency, (covered, whole) in sorted(compared.gross_minor.items())
            },
        },
        "differences": found.counts,
        "not_kept": list(found.cut.not_kept),
    }


def rows_of(found: ChargeReconciliation, job_version: str) -> list[dict[str, object]]:
    """Return the rows of a reconciliation, by column: the first is itself, then what differs."""
    same = {
        "reconciliation_id": found.reconciliation_id,
        "at": found.at_us,
        "run_id": found.run_id,
        "job_version": job_version,
    }
    first: dict[str, object] = {
        "kind": _KIND,
        "ids": "[]",
        "expected": _HOLDS,
        "found": _HOLDS if found.holds else _DIFFERS,
        "totals": _text(totals_of(found)),
        "input_snapshots": _text(dict(found.cut.snapshot_ids)),
    }
    listed = [first, *(_difference(each) for each in found.differences)]
    return [
        {
            **same,
            **row,
            "number": number,
            "row_id": digest(found.reconciliation_id, str(number)),
        }
        for number, row in enumerate(listed)
    ]


def difference_members(each: Difference) -> dict[str, object]:
    """Return a difference as plain JSON."""
    members: dict[str, object] = {**_difference(each), "ids": list(each.ids)}
    for name in ("period_start", "period_end"):
        instant = getattr(each, name)
        members[name] = None if instant is None else instant.isoformat().replace("+00:00", "Z")
    return members


def _sums(compared: Comparison) -> list[tuple[str, int, int]]:
    """Return currency, what was recomputed and what was charged."""
    currencies = sorted(compared.recomputed_minor.keys() | compared.charged_minor.keys())
    return [
        (each, compared.recomputed_minor.get(each, 0), compared.charged_minor.get(each, 0))
        for each in currencies
    ]


def _price_equation(sums: tuple[str, int, int]) -> Equation:
    currency, recomputed, charged = sums
    left, right = Decimal(recomputed), Decimal(charged)
    return Equation("prices", currency, "priced again", "charged", left, right)


def _line_difference(each: LineDifference) -> Difference:
    expected, found = each.sides
    return Difference(
        DifferenceKind.PRICE_DIFFERS,
        each.key.account_id,
        each.currency,
        each.key.period_start,
        each.key.period_end,
        (),
        f"{each.line}: {expected}",
        found,
    )


def _difference(each: Difference) -> dict[str, object]:
    return {
        "kind": each.kind.value,
        "account_id": each.account_id,
        "currency": each.currency,
        "period_start": None if each.period_start is None else to_us(each.period_start),
        "period_end": None if each.period_end is None else to_us(each.period_end),
        "ids": _text(each.ids),
        "expected": each.expected,
        "found": each.found,
    }


def _equation(each: Equation) -> dict[str, object]:
    return {
        "name": each.name,
        "of": each.of,
        "left_is": each.left_is,
        "left": plain_text(each.left),
        "right_is": each.right_is,
        "right": plain_text(each.right),
        "holds": each.holds,
    }


def _waiting(waiting: WaitingUsage) -> dict[str, object]:
    return {
        "accounts": waiting.accounts,
        "account_periods": waiting.periods,
        "usage": {
            meter_id: {"rows": number, "quantity": plain_text(used)}
            for meter_id, (number, used) in sorted(waiting.usage.items())
        },
    }


def _text(shape: Any) -> str:
    return json.dumps(shape, separators=(",", ":"), ensure_ascii=False)
