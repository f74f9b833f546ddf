"""The bucket of an account: state is laid out by it, so it never changes."""

from hashlib import md5

import duckdb
import pytest

from jobs.flink.keying import account_bucket_sql
from udfs.metering import account_bucket


@pytest.mark.parametrize("buckets", [1, 72, 720, 65_536])
@pytest.mark.parametrize("account_id", ["AA", "acct-000001", "é✈😀", "it's"])
def test_a_bucket_is_16_bits_of_the_md5(account_id: str, buckets: int) -> None:
    """Another engine than Flink computes the expression; the rules and Python's MD5 agree."""
    digest = md5(account_id.encode(), usedforsecurity=False).digest()
    query = f"SELECT {account_bucket_sql(buckets)} FROM (SELECT ? AS account_id)"  # noqa: S608
    assert duckdb.execute(query, [account_id]).fetchone() == (int.from_bytes(digest[:2]) % buckets,)
    assert account_bucket(account_id, buckets) == int.from_bytes(digest[:2]) % buckets
