"""Writes the IAM policy (version 2012-10-17) that gives a role the files of its tables on S3."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from iceberg.locating import Locations
from iceberg.table import Table
from iceberg.tables import TABLES
from jobs.roles.role import Role

_SCHEMES = ("s3", "s3a", "s3n")
_WRITING = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_REFUSED = ("s3:DeleteObject*", "s3:PutObject*")

Policy = dict[str, Any]


class UnknownBucketError(Exception):
    """Files do not lie on S3; one line."""


def s3_policy(role: Role, locations: Locations) -> Policy:
    """Return the policy, as IAM, MinIO and others take it as JSON.

    Everything is named table by table, except for a role that reads all: where they lie in one
    folder it is that folder, as a policy must not be longer than 6,144 characters.

    Args:
        role: Whose.
        locations: Of all tables.

    Raises:
        UnknownBucketError: A table lies elsewhere than on S3.
    """
    everything = _folders(locations, TABLES)
    reads = _folders(locations, role.reads)
    if len(role.reads) == len(TABLES):
        reads = _common(everything)
    statements: list[Policy] = [
        {
            "Sid": "ReadFiles",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [_arn(f"{bucket}/{folder}", "/*") for bucket, folder in reads],
        },
        *(
            _listing(number, bucket, [folder for other, folder in reads if other == bucket])
            for number, bucket in enumerate(dict.fromkeys(bucket for bucket, _ in reads))
        ),
    ]
    if role.writes:
        places = _folders(locations, role.writes)
        if len(role.writes) == len(TABLES):
            places = _common(places)
        statements.append(
            {
                "Sid": "WriteFiles",
                "Effect": "Allow",
                "Action": list(_WRITING),
                "Resource": [_arn(f"{bucket}/{folder}", "/*") for bucket, folder in places],
            }
        )
    else:
        statements.append(
            {
                "Sid": "WriteNothing",
                "Effect": "Deny",
                "Action": list(_REFUSED),
                "Resource": [_arn(f"{b}/{folder}", "/*") for b, folder in _common(everything)],
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _listing(number: int, bucket: str, folders: Iterable[str]) -> Policy:
    prefixes = [f"{_escaped(folder)}/*" for folder in folders]
    return {
        "Sid": f"ListFolders{number}",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [_arn(bucket)],
        "Condition": {"StringLike": {"s3:prefix": prefixes}},
    }


def _folders(locations: Locations, tables: Iterable[Table]) -> list[tuple[str, str]]:
    """Return buckets and folders in them, in the tables' order."""
    found: dict[tuple[str, str], None] = {}
    for table in tables:
        for location in locations[table.name]:
            parts = urlsplit(location)
            folder = parts.path.strip("/")
            if parts.scheme not in _SCHEMES or not parts.netloc or not folder:
                raise UnknownBucketError(
                    f"table {table.name}: expected a folder on S3, found {location}"
                )
            found[parts.netloc, folder] = None
    return list(found)


def _common(folders: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the folder that all lie in side by side, or them themselves."""
    listed = list(folders)
    above = {(bucket, folder.rpartition("/")[0]) for bucket, folder in listed}
    return sorted(above) if len(above) == 1 and all(folder for _, folder in above) else listed


def _arn(place: str, end: str = "") -> str:
    return f"arn:aws:s3:::{_escaped(place)}{end}"


def _escaped(text: str) -> str:
    """Return text in which IAM finds no wildcard and no variable."""
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text)
