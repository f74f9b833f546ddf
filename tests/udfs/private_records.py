"""Events full of personal data, and rules that leave none of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from schemas.privacy import KEEP, REMOVE, MemberAction, MemberRule, PrivacyRules, SubjectKey
from tests.udfs.reading import LEAST, PARSER
from udfs.keying import keyed_hash, subject_key_of
from udfs.pseudonymizing import Pseudonymizer

PERSONAL = "é-jane"
"""Begins every text that must not be found again, in whatever spelling."""
MASTER_KEY = b"m" * 32
HASH = MemberRule(MemberAction.HASH)
RULES = PrivacyRules(
    data={
        "units": KEEP,
        "place": KEEP,
        "color": HASH,
        "odd name": HASH,
        "gone": REMOVE,
        "short": MemberRule(MemberAction.PREFIX, 2),
    },
    otherwise=REMOVE,
    extensions={"trace": KEEP, "user": HASH},
    hash_ids=True,
    hash_sources=True,
)
MAX_BYTES = 65_536


def key_of(subject: str) -> SubjectKey:
    """Return the key of a subject, from no store."""
    return subject_key_of(keyed_hash(b"store", subject.encode()), subject)


def pseudonymizer(rules: PrivacyRules = RULES, max_bytes: int = MAX_BYTES) -> Pseudonymizer:
    """Return what is tested, with the meters of `tests.udfs.reading`."""
    return Pseudonymizer(rules, PARSER, max_bytes, MASTER_KEY)


def rewritten(value: bytes | None, rules: PrivacyRules = RULES) -> bytes | None:
    """Return what becomes of the value of a record that stays one."""
    ((_, written),) = pseudonymizer(rules).rewrite(None, value, 0, key_of).records
    return written


def spell(value: Any, spelling: Callable[[str], str] = json.dumps) -> str:
    """Return JSON with each text, names too, spelled by a function."""
    if isinstance(value, Mapping):
        members = (f"{spelling(name)}:{spell(value[name], spelling)}" for name in value)
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(spell(each, spelling) for each in value)}]"
    return spelling(value) if isinstance(value, str) else json.dumps(value)


def escaped(text: str) -> str:
    """Return a JSON text in which every character is an escape."""
    units = text.encode("utf-16-be")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return '"' + "".join("\\u" + pair for pair in pairs) + '"'


_secrets = st.text(max_size=5).map(lambda text: PERSONAL + text)
_secret_values = st.recursive(
    st.one_of(_secrets, st.none(), st.booleans(), st.integers(-5, 5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(_secrets, inner, max_size=2)
    ),
    max_leaves=4,
)
_long = st.just(PERSONAL * 40)
_wrong = st.one_of(st.none(), st.just(""), st.lists(_secrets, max_size=1), _long)
_units: st.SearchStrategy[Any] = st.sampled_from(
    [1, 1.5, "2.50", "-0", "1e3", None, "x", {}, 10**30, "9" * 25]
)
_data = st.fixed_dictionaries(
    {},
    optional={
        "units": _units,
        "place": st.sampled_from(["x", "", 1, None, [], "y" * 257]),
        "color": st.one_of(_secret_values, _long),
        "odd name": _secret_values,
        "gone": _secret_values,
        "short": st.one_of(_secrets, st.none()),
        "unnamed": _secret_values,
        "id": st.one_of(_secrets, _wrong),
        "source": st.one_of(_secrets, _wrong),
    },
)
_kinds = st.sampled_from(
    ["used", "used", "other", "meterclose.retraction", "meterclose.heartbeat", "unheard"]
)
events = st.fixed_dictionaries(
    {
        "specversion": st.sampled_from(["1.0", "1.0", "1.0", PERSONAL, "", None]),
        "id": st.one_of(_secrets, _secrets, _wrong),
        "source": st.one_of(_secrets, _secrets, _wrong),
        "type": st.one_of(_kinds, _kinds, _wrong),
        "subject": st.one_of(_secrets, _secrets, _wrong),
        "time": st.one_of(
            st.just(LEAST["time"]), st.sampled_from([PERSONAL, "2031-01-01T00:00:00Z"])
        ),
        "data": st.one_of(_data, _data, _data, _secret_values),
    },
    optional={"trace": st.just("t"), "user": _secret_values, PERSONAL: _secret_values},
)
"""Whatever can stand in an event, right and wrong; what is secret in it says so."""


def texts_of(payload: bytes) -> str:
    """Return all texts of a record, as characters; of what is no JSON, its bytes."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False)
    except ValueError:
        return payload.decode()
