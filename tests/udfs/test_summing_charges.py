"""Sums of charges are the same in any order and any parts."""

import json
from dataclasses import fields
from decimal import Decimal
from hashlib import sha256

import pytest

from schemas.charge import Charge
from tests.charges import charge_of
from udfs.summing_charges import ChargeSums

CHARGES = [
    charge_of(charge_id="a", amount_minor=270),
    charge_of(charge_id="b", amount_minor=-70),
    charge_of(charge_id="c", amount_minor=5, currency="EUR"),
    charge_of(charge_id="d", amount_minor=1, run_id="another"),
]


def sums_of(*parts: list[Charge]) -> ChargeSums:
    """Return the sums of parts that were counted apart."""
    sums = ChargeSums()
    for part in parts:
        counted = ChargeSums()
        counted.add(part)
        sums.merge(counted)
    return sums


@pytest.mark.parametrize(
    "parts",
    [[CHARGES], [CHARGES[:1], CHARGES[1:]], [[], CHARGES[::-1]], [[each] for each in CHARGES]],
)
def test_parts_sum_to_the_whole(parts: list[list[Charge]]) -> None:
    """However charges were divided, count, money and hash are those of all."""
    whole = ChargeSums()
    whole.add(CHARGES)
    found = sums_of(*parts)
    assert found.count == 4
    assert found.minor_by_currency() == {"EUR": 5, "USD": 201}
    assert found.totals() == '{"charges":4,"amount_minor":{"EUR":5,"USD":201}}'
    assert found.output_hash() == whole.output_hash()


def test_the_hash_is_of_all_but_the_run() -> None:
    """Any other change is another hash; so is a charge that comes twice."""
    hashes = [
        sums_of([]).output_hash(),
        sums_of([charge_of()]).output_hash(),
        sums_of([charge_of(), charge_of()]).output_hash(),
        sums_of([charge_of(amount_minor=1)]).output_hash(),
        sums_of([charge_of(due_us=1)]).output_hash(),
    ]
    assert len(set(hashes)) == len(hashes)
    assert sums_of([charge_of(run_id="another")]).output_hash() == hashes[1]
    whole = sums_of([charge_of(quantity=Decimal(1000))]).output_hash()
    assert sums_of([charge_of(quantity=Decimal("1000.00"))]).output_hash() == whole


def test_the_hash_of_one_charge_is_that_of_its_columns() -> None:
    """Anyone can compute it: SHA-256 of a JSON array of their texts, the run's id left out."""
    charge = charge_of()
    values = [getattr(charge, each.name) for each in fields(charge) if each.name != "run_id"]
    texts = [f"{each.normalize():f}" if isinstance(each, Decimal) else str(each) for each in values]
    assert sums_of([charge]).output_hash() == sha256(json.dumps(texts).encode()).hexdigest()
