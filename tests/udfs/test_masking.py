"""What stands in the place of a value, and which rules meters allow."""

import json
from dataclasses import replace

import pytest

from schemas.aggregation import Aggregation
from schemas.meter import Meter
from schemas.privacy import KEEP, REMOVE, MemberAction, MemberRule, PrivacyRules
from udfs.keying import keyed_hash, keyed_text, subject_key_of
from udfs.masking import find_rule_problems, mask_value

KEY = b"k" * 32
HASH, PREFIX = MemberRule(MemberAction.HASH), MemberRule(MemberAction.PREFIX, 2)
METER = Meter("m", "used", Aggregation.SUM, "units", "u", ("place",), 0, 0)


@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        (b'"abc"', b'"ab"'),
        (b'"\\u00e9\\ud83d\\ude00c"', '"é😀"'.encode()),
        (b'"a"', b'"a"'),
        (b'""', b'""'),
        (b'"\\"\\\\x"', b'"\\"\\\\"'),
        (b"1.50", b'"1."'),
        (b"true", b'"tr"'),
        (b"null", b"null"),
        (b'{"a": 1}', b"{}"),
        (b'["a"]', b"[]"),
    ],
)
def test_each_rule_for_each_kind(value: bytes, prefix: bytes) -> None:
    """Prefixes count characters; what is no dimension stays none, without what was in it."""
    assert mask_value(KEEP, "n", value, KEY) == value
    assert mask_value(REMOVE, "n", value, KEY) is None
    assert mask_value(PREFIX, "n", value, KEY) == prefix
    assert mask_value(PREFIX, "n", value, None) == prefix

    assert mask_value(HASH, "n", value, None) is None
    hashed = json.loads(mask_value(HASH, "n", value, KEY) or b"")
    if value[:1] in b"n{[":
        assert not hashed
    else:
        assert hashed.startswith("h-")
        assert len(hashed) == 34


@pytest.mark.parametrize("rule", [HASH, PREFIX])
def test_what_is_too_long_for_a_dimension_stays_so(rule: MemberRule) -> None:
    """Metering refuses it as before, and does not see it."""
    for length, is_short in ((256, True), (257, False), (5000, False)):
        masked = mask_value(rule, "n", b'"' + b"x" * length + b'"', KEY)
        assert masked is not None
        text = json.loads(masked)
        assert (len(text) <= 256) is is_short
        assert "xxx" not in text


def test_a_hash_is_too_long_where_its_text_was() -> None:
    """A value of 257 characters is none that is counted; nor is what stands in its place."""
    for length, hashed_length in ((256, 34), (257, 257)):
        hashed = json.loads(mask_value(HASH, "n", json.dumps("x" * length).encode(), KEY) or b"")
        assert len(hashed) == hashed_length


def test_keyed_texts_are_those_of_rfc_2104() -> None:
    """As computed by the standard library's other interface: pseudonyms must never change."""
    assert subject_key_of(KEY, "jane").pseudonym == "p-65b91098b147fe0c279fd35ac4d8a183"
    assert keyed_text("h", KEY, b"jane") != keyed_text("p", KEY, b"jane")
    assert keyed_hash(KEY, b"ab", b"c") != keyed_hash(KEY, b"a", b"bc")


@pytest.mark.parametrize(
    ("meter", "rules", "told"),
    [
        (METER, {"units": KEEP, "place": KEEP}, []),
        (METER, {"units": KEEP, "place": HASH}, []),
        (METER, {"units": KEEP, "place": PREFIX}, []),
        (METER, {"units": KEEP, "place": REMOVE}, ["place"]),
        (METER, {"units": KEEP}, ["place"]),
        (METER, {"units": HASH, "place": KEEP}, ["units"]),
        (METER, {"units": PREFIX, "place": KEEP}, ["units"]),
        (METER, {"place": KEEP}, ["units"]),
        (METER, {}, ["place", "units"]),
        (replace(METER, aggregation=Aggregation.UNIQUE_COUNT), {"units": HASH, "place": KEEP}, []),
        (
            replace(METER, aggregation=Aggregation.UNIQUE_COUNT),
            {"units": PREFIX, "place": KEEP},
            ["units"],
        ),
        (replace(METER, aggregation=Aggregation.COUNT, property=None), {"place": KEEP}, []),
    ],
)
def test_rules_that_change_what_is_counted(
    meter: Meter, rules: dict[str, MemberRule], told: list[str]
) -> None:
    """Units stay, values that are counted once may be hashed, dimensions may not go."""
    assert [each.name for each in find_rule_problems(PrivacyRules(rules), [meter])] == told


def test_a_problem_says_which_meter_and_why() -> None:
    """And whether the rule stands there or comes from what holds otherwise."""
    (place, units) = find_rule_problems(PrivacyRules({"place": REMOVE}), [METER])
    assert place.expected == "keep, hash or prefix, as it is a dimension of meter m"
    assert place.found == "remove"
    assert units.expected == "keep, as meter m counts it"
    assert units.found == "remove, from otherwise"
    assert not list(find_rule_problems(PrivacyRules({}, otherwise=KEEP), [METER]))
