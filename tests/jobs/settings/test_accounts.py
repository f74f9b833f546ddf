"""The accounts file: the demo's carriers and the one line for each mistake."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jobs.settings import SettingsError, load_accounts
from schemas.budget import Budget
from schemas.cadence import Cadence
from schemas.terms import Recurring, Terms

CONFIG = Path(__file__).parents[3] / "config"
LEAST = """\
accounts:
  - account_id: A
    terms:
      - {version: 1, effective_from: 2012-01-01T00:00:00Z, timezone: UTC, cadence: month,
         anchor: 2012-01-01, plan: standard}
"""


def test_the_demos_budgets() -> None:
    """Three carriers mean to fly so much in each of their months."""
    budgets = {
        each.account_id: each.budgets
        for each in load_accounts(CONFIG / "accounts.yaml")
        if each.budgets
    }
    assert budgets == {
        "AA": (Budget("miles", Decimal(3_700_000)),),
        "B6": (Budget("flights", Decimal(4700), (80, 100)),),
        "DL": (Budget("flights", Decimal(4080), (50, 80, 100)),),
    }


def test_a_bad_budget_is_one_line(tmp_path: Path) -> None:
    """It names the file, the account and the budget."""
    path = tmp_path / "accounts.yaml"
    path.write_text(f"{LEAST}    budgets: [{{meter: miles, quantity: 0}}]\n")
    with pytest.raises(SettingsError) as caught:
        load_accounts(path)
    assert "accounts[0]: expected account terms, found budgets[0].quantity: expected" in str(
        caught.value
    )


def recurring(terms: Terms) -> Recurring:
    """Return the calendar of terms whose periods recur."""
    assert isinstance(terms.calendar, Recurring)
    return terms.calendar


def test_the_demos_accounts() -> None:
    """All 16 carriers, with the special terms of five of them."""
    accounts = {each.account_id: each.terms for each in load_accounts(CONFIG / "accounts.yaml")}
    assert " ".join(sorted(accounts)) == "9E AA AS B6 DL EV F9 FL HA MQ OO UA US VX WN YV"
    found = {
        name: (only.timezone, recurring(only).cadence, recurring(only).anchor.day)
        for name, (only,) in accounts.items()
    }
    special = {
        "AS": ("America/Los_Angeles", Cadence.MONTH, 1),
        "B6": ("America/New_York", Cadence.MONTH, 15),
        "DL": ("America/New_York", Cadence.MONTH, 31),
        "HA": ("Pacific/Honolulu", Cadence.MONTH, 1),
        "WN": ("America/Chicago", Cadence.WEEK, 2),
    }
    assert {name: found.pop(name) for name in special} == special
    assert set(found.values()) == {("America/New_York", Cadence.MONTH, 1)}
    assert recurring(accounts["WN"][0]).anchor.strftime("%A") == "Monday"


def test_dates_may_stand_without_quotes(tmp_path: Path) -> None:
    """Dates are read as written, not as YAML's own kind of date."""
    (tmp_path / "accounts.yaml").write_text(LEAST)
    (account,) = load_accounts(tmp_path / "accounts.yaml")
    assert recurring(account.terms[0]).anchor == datetime(2012, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("accounts:", "account:", ("`accounts:` with a list", "the keys account")),
        ("month", "moon", ("bad account", "accounts[0]", "moon")),
        ("account_id: A", "account: A", ("bad account", "accounts[0]")),
        (LEAST, LEAST + LEAST.removeprefix("accounts:\n"), ("accounts[1].account_id", "'A'")),
    ],
)
def test_each_mistake_is_one_clear_line(
    tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    """Each wrong account ends in one line that says where and what."""
    (tmp_path / "accounts.yaml").write_text(LEAST.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load_accounts(tmp_path / "accounts.yaml")
    assert "\n" not in str(caught.value)
    for part in (*parts, "accounts.yaml"):
        assert part in str(caught.value)
