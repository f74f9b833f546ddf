"""What is left of credit when nobody can draw on it any more."""

from dataclasses import replace

import pytest

from schemas.contract import CreditGrant
from tests.udfs.booking import MARCH_US, grant_of, sides
from udfs.expiring_credit import expired_grants, expiry_entries
from udfs.posting import expiry_entry_id

HOUR_US = 3_600_000_000
GRANT = replace(grant_of("50"), expires_us=MARCH_US)


@pytest.mark.parametrize(
    ("grant", "until_us", "is_expired"),
    [
        pytest.param(GRANT, MARCH_US + HOUR_US, True, id="its last period has closed"),
        pytest.param(GRANT, MARCH_US + HOUR_US - 1, False, id="its last period may be open"),
        pytest.param(replace(GRANT, expires_us=None), 2 * MARCH_US, False, id="never"),
        pytest.param(replace(GRANT, is_paid=False), 2 * MARCH_US, False, id="given away"),
    ],
)
def test_a_grant_expires_when_no_period_can_draw(
    grant: CreditGrant, until_us: int, is_expired: bool
) -> None:
    """A period that ends with the grant may draw on it, until it has closed with its grace."""
    assert expired_grants([grant], until_us, HOUR_US) == ((grant,) if is_expired else ())


@pytest.mark.parametrize(
    ("drawn_minor", "booked", "expected"),
    [
        pytest.param(0, [], 5000, id="nothing was used"),
        pytest.param(1200, [], 3800, id="a part was used"),
        pytest.param(5000, [], None, id="all was used"),
        pytest.param(1200, [3800], None, id="it is booked"),
        pytest.param(1500, [3800], -300, id="a correction drew more"),
        pytest.param(1000, [3800, -300], 500, id="another one gave back"),
        pytest.param(1200, [3800, -300, 300], None, id="back and forth"),
    ],
)
def test_what_is_left_is_booked_once(
    drawn_minor: int, booked: list[int], expected: int | None
) -> None:
    """Entries add up to what is left by now, whatever was booked before."""
    before = {expiry_entry_id(GRANT, place): minor for place, minor in enumerate(booked)}
    drawn = {"g1": drawn_minor} if drawn_minor else {}
    found = expiry_entries([GRANT], drawn, before, MARCH_US + HOUR_US)
    moved = [sides(entry)["liabilities:credits"] for entry in found]
    assert moved == ([] if expected is None else [expected])
    for entry in found:
        assert entry.entry_id == expiry_entry_id(GRANT, len(booked))
        assert entry.booked_us == (MARCH_US + HOUR_US if booked else MARCH_US)
