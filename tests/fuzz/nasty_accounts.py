"""Records of the accounts topic that stretch or break what terms may be."""

import json
import random

from tests.fuzz.nasty_records import NUMBERS, TEXTS, damage, draw_value

_TIMES = (
    "2012-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z",
    "2013-01-01T00:00:00.5Z", "2013-01-01T00:00:00", "2013-01-01", "20130101T000000Z",
    "2013-03-10T02:30:00-05:00", "2013-06-30T23:59:60Z",
)  # fmt: skip
_ANCHORS = (
    "2013-01-31", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59", "2012-02-29",
    "2013-03-10T02:30",     "2013-01-01T00:00", "2013-01-01T00:00:00", "2013-01-01T06", "2013-1-1",
    "-0001-01-01",
)  # fmt: skip
_ZONES = (
    "UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12",
    "America/New_York", "Antarctica/Troll", "Africa/Monrovia", "Europe/Amsterdam", "right/UTC",
    "posixrules", "localtime", "Factory", "../UTC", "/etc/localtime", "utc", "UTC\0", "tzdata.zi",
)  # fmt: skip
_CADENCES = (
    "month", "day", "week", "year", "quarter", "half_year", "PT1S", "PT1M", "P100Y", "P1200M",
    "P999999999D", "P0D", "P1M1D", "PT999999999S", "P1Y2M3W4DT5H6M7S", "-P1M", "P1.5D", "P\u0661D",
)  # fmt: skip


def draw_account(chance: random.Random) -> bytes:
    """Return a record: an account with odd terms and budgets, or one that is none."""
    terms = [_terms(chance, version) for version in range(1, chance.choice((2, 2, 3, 4)))]
    shape = {"account_id": json.dumps(chance.choice(("A", *TEXTS))), "terms": _listed(terms)}
    if chance.random() < 0.4:
        shape["budgets"] = _listed([_budget(chance) for _ in range(chance.choice((0, 1, 2)))])
    if chance.random() < 0.1:
        shape[chance.choice([*shape])] = draw_value(chance)
    payload = _object(shape).encode("utf-8", "surrogatepass")
    return damage(chance, payload) if chance.random() < 0.1 else payload


def _terms(chance: random.Random, version: int) -> str:
    since = chance.choice(_TIMES) if chance.random() < 0.3 else f"{2011 + version}-01-01T00:00:00Z"
    shape = {"version": str(version), "effective_from": json.dumps(since)}
    # Most are good ones: only of those it is seen what metering makes of them.
    good = 1 if chance.random() < 0.6 else None
    shape["timezone"] = json.dumps(chance.choice(_ZONES[: good and 9]))
    if chance.random() < 0.7:
        shape["cadence"] = json.dumps(chance.choice(_CADENCES[: good and 10]))
        shape["anchor"] = json.dumps(chance.choice(_ANCHORS[: good and 8]))
    else:
        listed = sorted(chance.sample(_ANCHORS[: good and 8], chance.randint(2, 3)))
        shape["boundaries"] = json.dumps(listed)
    shape["plan"] = '"p"'
    if chance.random() < 0.2:
        shape["effective_until"] = json.dumps(chance.choice(_TIMES))
    if chance.random() < 0.3:
        shape["takes_effect"] = chance.choice(('"at_once"', '"next_boundary"', "null", '"x"'))
    if chance.random() < 0.1:
        shape[chance.choice([*shape])] = draw_value(chance)
    return _object(shape)


def _budget(chance: random.Random) -> str:
    quantity = chance.choice(NUMBERS)
    shape = {"meter": json.dumps(chance.choice("mn")), "quantity": f'"{quantity}"'}
    if chance.random() < 0.5:
        shape["thresholds"] = chance.choice(("[50]", "[1,2]", "[2,1]", "[]", "[0]", "[1e2]", "1"))
    return _object(shape)


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{members[name]}" for name in members) + "}"


def _listed(values: list[str]) -> str:
    return f"[{','.join(values)}]"
