"""A small and strict reader of IAM policies: what is not known is an error, never a permission."""

import re
from collections.abc import Mapping
from typing import Any


def allows(policy: Mapping[str, Any], action: str, bucket: str, key: str) -> bool:
    """Tell whether a policy alone allows an action, as AWS evaluates it: a Deny wins.

    Args:
        policy: The document.
        action: Such as s3:GetObject.
        bucket: Its name.
        key: Of the object; with s3:ListBucket the prefix that is listed.
    """
    assert policy.keys() == {"Version", "Statement"}
    assert policy["Version"] == "2012-10-17"
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if _applies(statement, action, bucket, key)
    }
    assert effects <= {"Allow", "Deny"}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], action: str, bucket: str, key: str) -> bool:
    assert statement.keys() - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}
    assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])
    is_listing = action == "s3:ListBucket"
    arn = f"arn:aws:s3:::{bucket}" if is_listing else f"arn:aws:s3:::{bucket}/{key}"
    fits = any(_matches(each, action) for each in statement["Action"]) and any(
        _matches(each, arn) for each in statement["Resource"]
    )
    return fits and _holds(statement.get("Condition"), key if is_listing else None)


def _holds(condition: Mapping[str, Any] | None, prefix: str | None) -> bool:
    if condition is None:
        return True
    assert condition.keys() == {"StringLike"}
    assert condition["StringLike"].keys() == {"s3:prefix"}
    return prefix is not None and any(
        _matches(each, prefix) for each in condition["StringLike"]["s3:prefix"]
    )


def _matches(pattern: str, text: str) -> bool:
    """Tell whether text fits: `*` is any text, `?` a character, `${*}` a star, and so on."""
    parts = re.split(r"(\$\{[*?$]\}|[*?])", pattern)
    assert not any("${" in part for part in parts[::2]), "an unknown variable"
    wild = {"*": ".*", "?": "."}
    regex = "".join(
        re.escape(part) if place % 2 == 0 else wild.get(part) or re.escape(part[2])
        for place, part in enumerate(parts)
    )
    return re.fullmatch(regex, text, re.DOTALL) is not None
