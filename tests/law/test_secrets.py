"""The scan for secrets finds them where they stand, shows none, and takes what is allowed."""

import pytest

from tests.law.secrets import ROOT, Allowed, detectors, find_secrets, read_allowed

NOTHING = Allowed({}, {}, {"": "nothing"})
# In pieces, so that the scan does not find this file.
KEY = "AKIA" + "IOSFODNN7EXAMPLE"
SECRETS = [
    (f"key = '{KEY}'", "AWS Access Key"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"),
    ("password: " + "'Tr0ub4dor&3'", "Secret Keyword"),
    ("uri = 'https://me:" + "Tr0ub4dor@host/'", "Basic Auth Credentials"),
    ("token = 'ghp_" + "a1B2" * 9 + "'", "GitHub Token"),
]


@pytest.mark.parametrize(("line", "kind"), SECRETS, ids=[kind for _, kind in SECRETS])
def test_a_secret_is_found_and_not_shown(line: str, kind: str) -> None:
    """File, line and kind are told."""
    found = list(find_secrets("a.py", f"x = 1\n{line}\n", detectors(NOTHING), NOTHING))
    assert f"a.py:2: {kind}" in found
    assert not any(secret in each for each in found for secret in (KEY, "Tr0ub4dor", "a1B2"))


def test_what_is_allowed_is_none() -> None:
    """A whole value, not a part of one; and a kind."""
    text = f"key = '{KEY}'"
    for kinds, values, count in (
        ({}, {KEY: "an example"}, 0),
        ({}, {KEY[:-1]: "an example"}, 1),
        ({"AWS Access Key": "none here"}, {"": "nothing"}, 0),
    ):
        allowed = Allowed(kinds, {}, values)
        found = list(find_secrets("a.md", text, detectors(allowed), allowed))
        assert found.count("a.md:1: AWS Access Key") == count


def test_a_kind_that_is_not_known_is_refused() -> None:
    """A new release of the detectors may call it otherwise."""
    with pytest.raises(AssertionError, match="no such kinds"):
        detectors(Allowed({"AWS Access Kee": "a mistake"}, {}, {}))


def test_every_allowance_has_its_reason() -> None:
    """In the file that is read."""
    allowed = read_allowed((ROOT / "pyproject.toml").read_text())
    assert allowed.kinds
    for part in (allowed.kinds, allowed.files, allowed.values):
        assert all(len(reason.split()) > 2 for reason in part.values())
