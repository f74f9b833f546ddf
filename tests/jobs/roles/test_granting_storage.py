"""Policies for S3, evaluated over the files of every table: each role gets exactly its own."""

import json
from dataclasses import dataclass, field

import pytest

from iceberg.locating import Locations, expect_locations
from iceberg.tables import RAW_EVENTS, TABLES
from jobs.roles.declared import ROLES
from jobs.roles.granting_storage import UnknownBucketError, s3_policy
from jobs.roles.role import Role
from schemas.content import Content
from tests.jobs.roles.iam import allows

ANALYST, FINANCE, AUDITOR = ROLES[:3]
FILES = (
    "metadata/00000-0b1c.metadata.json",
    "metadata/snap-1-0-2d.avro",
    "data/log_time_month=2026-11/0-0.parquet",
)
WRITING = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl")


@dataclass(frozen=True)
class OnS3:
    """Settings of a catalog whose warehouse is on S3."""

    warehouse: str = "s3://bucket/tables/eu"
    namespace: str = "billing"
    name: str = "meterclose"
    type: str = "rest"
    uri: str = "https://catalog.example.com"
    read_only: bool = False
    properties: dict[str, str] = field(default_factory=dict)


LOCATIONS = expect_locations(OnS3(), TABLES)


def _key(table_name: str, file: str) -> str:
    return f"tables/eu/billing/{table_name}/{file}"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_reads_and_writes_exactly_its_tables(role: Role) -> None:
    """Data and metadata of all tables; writing is for its own alone."""
    policy = s3_policy(role, LOCATIONS)
    for table in TABLES:
        for file in FILES:
            key = _key(table.name, file)
            assert allows(policy, "s3:GetObject", "bucket", key) == (table in role.reads)
            assert allows(policy, "s3:PutObject", "bucket", key) == (table in role.writes)
            assert allows(policy, "s3:DeleteObject", "bucket", key) == (table in role.writes)
        listed = _key(table.name, "data/")
        assert allows(policy, "s3:ListBucket", "bucket", listed) == (table in role.reads)


def test_an_analyst_reads_usage_and_prices() -> None:
    """By the class of content: neither bytes as they came, nor money."""
    policy = s3_policy(ANALYST, LOCATIONS)
    read = {
        table.content
        for table in TABLES
        if allows(policy, "s3:GetObject", "bucket", _key(table.name, FILES[0]))
    }
    assert read == {Content.USAGE, Content.PRICES}


@pytest.mark.parametrize("role", ROLES[:3], ids=lambda role: role.name)
def test_people_are_refused_what_another_policy_gives(role: Role) -> None:
    """Beside a policy that allows all, nothing of the tables can be written."""
    policy = s3_policy(role, LOCATIONS)
    everything = {"Sid": "All", "Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    both = {**policy, "Statement": [*policy["Statement"], everything]}
    for action in WRITING:
        for table in TABLES:
            assert not allows(both, action, "bucket", _key(table.name, FILES[0]))
        assert allows(both, action, "other", "key")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_nothing_beside_the_tables_is_given(role: Role) -> None:
    """Neither checkpoints, other namespaces and buckets, nor the list of the whole bucket."""
    policy = s3_policy(role, LOCATIONS)
    others = ("checkpoints/x", "tables/eu/other/closed_usage/data/x", "tables/eu/billing2/runs/x")
    for key in others:
        assert not allows(policy, "s3:GetObject", "bucket", key)
        assert not allows(policy, "s3:ListBucket", "bucket", key)
    assert not allows(policy, "s3:GetObject", "bucket2", _key("closed_usage", FILES[0]))
    assert not allows(policy, "s3:ListBucket", "bucket", "")


def test_a_name_that_begins_like_another_is_not_in_it() -> None:
    """`runs` does not give `runs_of_others`."""
    policy = s3_policy(FINANCE, LOCATIONS)
    assert not allows(policy, "s3:GetObject", "bucket", _key("closed_usage_raw", FILES[0]))


def test_wildcards_in_a_folder_are_characters() -> None:
    """A warehouse in a folder with a star gives that folder alone."""
    odd = expect_locations(OnS3(warehouse="s3://bucket/a*b$c"), TABLES)
    policy = s3_policy(ANALYST, odd)
    end = "billing/closed_usage/data/x"
    assert allows(policy, "s3:GetObject", "bucket", f"a*b$c/{end}")
    assert not allows(policy, "s3:GetObject", "bucket", f"a-other-b$c/{end}")
    assert allows(policy, "s3:ListBucket", "bucket", "a*b$c/billing/closed_usage/data/")


def test_tables_may_lie_apart() -> None:
    """Whoever reads all gets each table where it lies, in several buckets and folders."""
    apart: Locations = {**LOCATIONS, RAW_EVENTS.name: ("s3a://archive/raw", "s3://fast/raw-data")}
    policy = s3_policy(AUDITOR, apart)
    for bucket, key in (("archive", "raw/metadata/x"), ("fast", "raw-data/x")):
        assert allows(policy, "s3:GetObject", bucket, key)
        assert allows(policy, "s3:ListBucket", bucket, key)
        assert not allows(s3_policy(ANALYST, apart), "s3:GetObject", bucket, key)
    assert allows(policy, "s3:GetObject", "bucket", _key("charges", FILES[0]))
    assert not allows(policy, "s3:GetObject", "archive", "other")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_policy_is_short_enough(role: Role) -> None:
    """A managed policy of IAM has at most 6,144 characters, white space left out."""
    long = expect_locations(OnS3(warehouse=f"s3://{'b' * 63}/{'w' * 40}"), TABLES)
    assert len(json.dumps(s3_policy(role, long), separators=(",", ":"))) <= 6144


@pytest.mark.parametrize("place", ["file:///srv/tables", "gs://bucket/tables", "s3://bucket"])
def test_other_places_are_refused(place: str) -> None:
    """A policy is for folders on S3."""
    with pytest.raises(UnknownBucketError, match="expected a folder on S3"):
        s3_policy(ANALYST, {table.name: (place,) for table in TABLES})
