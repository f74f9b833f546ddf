"""The key store: one key for each subject, for all programs, and none that was dropped."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from jobs.local.ports import LOOPBACK
from jobs.privacy.key_store import KeyStoreError, create_key_store, open_key_store
from jobs.settings import PrivacySettings, SettingsError
from schemas.privacy import PrivacyRules
from tests.integration.postgres import OWNER, Postgres, serve_postgres
from tests.jobs.privacy.stores import MASTER_KEY, sqlite_settings
from udfs.keying import KEY_BYTES, combined_key, lookup_of

ROOT = Path(__file__).parents[3]
SUBJECT = "jane@example.com"
_MAKES_KEYS = """
import sys
from jobs.privacy.key_store import open_key_store
from jobs.settings import PrivacySettings
from schemas.privacy import PrivacyRules
settings = PrivacySettings("intake", sys.argv[1], PrivacyRules({}), master_key=sys.argv[2])
with open_key_store(settings) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        print(store.make_key(f"subject {number}").hex())
"""
_CREATES = """
import sys
from jobs.privacy.key_store import create_key_store
from jobs.settings import PrivacySettings
from schemas.privacy import PrivacyRules
print("ready", flush=True)
sys.stdin.readline()
settings = PrivacySettings("intake", sys.argv[1], PrivacyRules({}), master_key=sys.argv[2])
print(create_key_store(settings))
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of PostgreSQL."""
    with serve_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> PrivacySettings:
    """The settings of a store that is not created yet."""
    if request.param == "sqlite":
        return sqlite_settings(tmp_path)
    server: Postgres = request.getfixturevalue("postgres")
    server.run(f"DROP OWNED BY {OWNER}; GRANT CREATE, USAGE ON SCHEMA public TO {OWNER};")
    return postgres_settings(server)


def postgres_settings(server: Postgres) -> PrivacySettings:
    """Return the settings of a store in a server's database."""
    address = f"postgresql://{OWNER}@{LOOPBACK}:{server.port}/postgres"
    return PrivacySettings("intake", address, PrivacyRules({}), master_key=MASTER_KEY)


def race(program: str, settings: PrivacySettings, count: int) -> list[str]:
    """Run a program several times at once; return what each prints."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, settings.key_store, settings.master_key],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    printed = [each.communicate()[0] for each in started]
    assert [each.returncode for each in started] == [0] * count
    return printed


def test_a_subject_keeps_its_key(settings: PrivacySettings) -> None:
    """Over programs and restarts; others have others."""
    assert create_key_store(settings)
    assert not create_key_store(settings)
    with open_key_store(settings) as store:
        assert store.find_key(SUBJECT) is None
        key = store.make_key(SUBJECT)
        assert len(key) == KEY_BYTES
        assert store.make_key("other") != key
    with open_key_store(settings) as store:
        assert store.make_key(SUBJECT) == store.find_key(SUBJECT) == key


def test_programs_at_once_agree(settings: PrivacySettings) -> None:
    """Whoever is first: all get the same keys, of a store that is created once."""
    created = race(_CREATES, settings, 2)
    assert sorted(created) == ["False\n", "True\n"]
    first, second = race(_MAKES_KEYS, settings, 2)
    assert len(set(first.split())) == 40
    assert second == first


def test_the_store_alone_makes_no_pseudonym(settings: PrivacySettings) -> None:
    """A key is made of its bytes and of the master key: none can be tried out on subjects."""
    create_key_store(settings)
    with open_key_store(settings) as store:
        key = store.make_key(SUBJECT)
    assert stored(settings, SUBJECT) != key
    assert combined_key(MASTER_KEY.encode(), stored(settings, SUBJECT)) == key
    assert combined_key(b"other", stored(settings, SUBJECT)) != key


def test_a_dropped_key_is_gone(settings: PrivacySettings) -> None:
    """Dropping again finds nothing; the subject's next key is another one."""
    create_key_store(settings)
    with open_key_store(settings) as store:
        key, other = store.make_key(SUBJECT), store.make_key("other")
        assert store.count_dropped() == 0
        assert store.drop_key(SUBJECT)
        assert not store.drop_key(SUBJECT)
        assert store.count_dropped() == 1
        assert store.find_key(SUBJECT) is None
        assert store.find_key("other") == other
        assert store.make_key(SUBJECT) != key


def test_another_master_key_is_refused(settings: PrivacySettings) -> None:
    """It would give every subject a second pseudonym."""
    create_key_store(settings)
    other = replace(settings, master_key=f"other {MASTER_KEY}")
    with pytest.raises(SettingsError, match="expected the one that the key store was created with"):
        create_key_store(other)
    with pytest.raises(SettingsError) as caught, open_key_store(other):
        pass
    assert MASTER_KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["", "x" * 31])
def test_a_short_master_key_is_refused(tmp_path: Path, key: str) -> None:
    """One line names the variable and how to make a key, and does not show what was found."""
    settings = sqlite_settings(tmp_path, key)
    line = "environment METERCLOSE_PRIVACY_MASTER_KEY: expected at least 32 bytes"
    with pytest.raises(SettingsError, match=line):
        create_key_store(settings)
    assert not list(tmp_path.iterdir())


def test_no_program_but_one_creates_a_store(settings: PrivacySettings) -> None:
    """One that looks at the wrong place must not find an empty store there."""
    with pytest.raises(KeyStoreError) as caught, open_key_store(settings):
        pass
    assert str(caught.value).endswith("found nothing; create it: python -m jobs.create_key_store")
    if "://" not in settings.key_store:
        assert not Path(settings.key_store).exists()


def stored(settings: PrivacySettings, subject: str) -> bytes:
    """Return the bytes that the store has for a subject."""
    url = settings.key_store.replace("postgresql:", "postgresql+psycopg2:")
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT lookup, subject_key FROM meterclose_subject_keys")
        found = {bytes(lookup): bytes(key) for lookup, key in rows}
    engine.dispose()
    return found[lookup_of(settings.master_key.encode(), subject)]


def contents(folder: Path) -> bytes:
    """Return the bytes of all files."""
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


def test_files_hold_no_subject_and_nothing_of_a_dropped_one(tmp_path: Path) -> None:
    """Neither key nor lookup are left in any file, among hundreds of others."""
    settings = sqlite_settings(tmp_path)
    create_key_store(settings)
    with open_key_store(settings) as store:
        for number in range(300):
            store.make_key(f"{number}@example.com")
        assert store.make_key(SUBJECT)
        key, kept = stored(settings, SUBJECT), stored(settings, "1@example.com")
        lookup = lookup_of(MASTER_KEY.encode(), SUBJECT)
        assert key in contents(tmp_path)
        assert lookup in contents(tmp_path)
        assert store.drop_key(SUBJECT)
        after = contents(tmp_path)
        assert key not in after
        assert lookup not in after
        assert kept in after
    assert b"example.com" not in contents(tmp_path)
    assert MASTER_KEY.encode() not in contents(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["keys.db"]


def test_the_table_of_postgres_holds_nothing_of_a_dropped_one() -> None:
    """Its file is written anew; its log of changes is another matter, which the docs tell."""
    with serve_postgres() as server:
        settings = postgres_settings(server)
        create_key_store(settings)
        with open_key_store(settings) as store:
            assert store.make_key(SUBJECT) != store.make_key("other")
            key, kept = stored(settings, SUBJECT), stored(settings, "other")
            lookup = lookup_of(MASTER_KEY.encode(), SUBJECT)
            server.run("CHECKPOINT")
            before = contents(server.data / "base")
            assert key in before
            assert store.drop_key(SUBJECT)
            server.run("CHECKPOINT")
            after = contents(server.data / "base")
            assert key not in after
            assert lookup not in after
            assert kept in after


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    """Whoever reads it and the master key can link pseudonyms."""
    settings = sqlite_settings(tmp_path)
    create_key_store(settings)
    assert stat.S_IMODE(Path(settings.key_store).stat().st_mode) == 0o600


def test_a_database_that_fails_is_one_line(tmp_path: Path) -> None:
    """A file that is no database, an address where nobody answers; no secret, no statement."""
    settings = sqlite_settings(tmp_path)
    Path(settings.key_store).write_bytes(b"no database" * 100)
    remote = replace(settings, key_store="postgresql://me:hidden@127.0.0.1:1/keys")
    for broken in (settings, remote):
        with pytest.raises(
            KeyStoreError, match=r"^key store, .*: expected an answer, found "
        ) as no:
            create_key_store(broken)
        assert "\n" not in str(no.value)
        assert "hidden" not in str(no.value)
        assert "SELECT" not in str(no.value)


def test_a_failed_statement_shows_no_key(tmp_path: Path) -> None:
    """What SQLAlchemy says would have the keys in it."""
    settings = sqlite_settings(tmp_path)
    create_key_store(settings)
    with open_key_store(settings) as store:
        with closing(sqlite3.connect(settings.key_store)) as connection:
            connection.execute("DROP TABLE meterclose_subject_keys")
        with pytest.raises(KeyStoreError) as caught:
            store.make_key(SUBJECT)
        assert str(caught.value).endswith("found no such table: meterclose_subject_keys")
