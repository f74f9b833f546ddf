"""What a running program remembers of keys, by a clock that the test holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.privacy.key_cache import KeyCache
from jobs.privacy.key_store import KeyStore, create_key_store, open_key_store
from tests.jobs.privacy.stores import sqlite_settings
from udfs.keying import subject_key_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """A new store."""
    settings = sqlite_settings(tmp_path)
    create_key_store(settings)
    with open_key_store(settings) as store:
        yield store


def test_a_dropped_key_is_forgotten_in_time(store: KeyStore) -> None:
    """It is used until the next question and not after it; nobody else's key changes."""
    cache = KeyCache(store, 10, 100)
    key, other = cache.key_of("jane"), cache.key_of("other")
    assert key == subject_key_of(store.make_key("jane"), "jane")
    store.drop_key("jane")
    cache.recheck(109.9)
    assert cache.key_of("jane") == key
    cache.recheck(110)
    new = cache.key_of("jane")
    assert new.pseudonym != key.pseudonym
    assert cache.key_of("other") == other


def test_a_key_dropped_before_the_first_question_is_noticed(store: KeyStore) -> None:
    """However often: each question tells what happened since the one before."""
    cache = KeyCache(store, 10, 0)
    seen = set()
    for now_s in (10, 20, 30):
        seen.add(cache.key_of("jane").pseudonym)
        store.drop_key("jane")
        cache.recheck(now_s)
    assert len(seen) == 3


def test_only_so_many_are_remembered(store: KeyStore) -> None:
    """The oldest is asked for again: it has the same key."""
    cache = KeyCache(store, 10, 0, most=2)
    keys = [cache.key_of(name) for name in "abc"]
    assert len(cache) == 2
    assert [cache.key_of(name) for name in "abc"] == keys
    assert len(cache) == 2
