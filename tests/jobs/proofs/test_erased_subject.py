"""Proofs over usage of pseudonyms hold as before, once nobody knows any more whose usage it was."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from audit.shapes import RawRecord
from iceberg.catalog import open_catalog
from iceberg.seal_store import SealStore
from jobs import erase_subject, reconcile_usage, seal_usage, verify_proof
from jobs.privacy.key_store import KeyStore, create_key_store, open_key_store
from jobs.proofs.recomputing import recomputed_usage
from jobs.proofs.sealed_rows import UnprovedRow, place_rows, sealed_trees
from jobs.publish_accounts import pseudonymize_accounts
from jobs.settings import PrivacySettings, load_accounts, load_meters, load_settings
from schemas.account import encode_account
from schemas.privacy import KEEP, PrivacyRules, SubjectKey
from tests.iceberg.filling import LocalCatalog
from tests.jobs.privacy.gateway_program import ENVIRON
from tests.jobs.privacy.stores import MASTER_KEY, sqlite_settings
from tests.jobs.simulated_tables import simulate
from tests.simulation.world import World, make_world
from udfs.keying import subject_key_of
from udfs.parsing import ParsingRules, RecordParser
from udfs.pseudonymizing import Pseudonymizer
from udfs.sealing import write_proofs

SEED = 4
NOW = datetime(2026, 11, 30, tzinfo=UTC)
PERSON = "jane0189"
RULES = PrivacyRules({"units": KEEP, "place": KEEP}, hash_ids=True)
Output = pytest.CaptureFixture[str]


def person_of(name: str) -> str:
    """Return whom a name of the simulation stands for."""
    return f"{PERSON}-{name}@example.com"


def make_private_world(privacy: PrivacySettings, store: KeyStore) -> Callable[[int, Path], World]:
    """Return what makes a world of persons, as it comes out of the gateway."""

    def key_of(subject: str) -> SubjectKey:
        return subject_key_of(store.make_key(subject), subject)

    def make(seed: int, folder: Path) -> World:
        world = make_world(seed, folder)
        shape = yaml.safe_load(world.accounts.read_text())
        names = [each["account_id"] for each in shape["accounts"]]
        for each in shape["accounts"]:
            each["account_id"] = person_of(each["account_id"])
        world.accounts.write_text(yaml.safe_dump(shape))
        accounts = pseudonymize_accounts(privacy, load_accounts(world.accounts))
        told = [json.loads(encode_account(each)) for each in accounts]
        world.accounts.write_text(yaml.safe_dump({"accounts": told}))
        limits = ParsingRules(load_meters(world.meters), 65_536, 3600 * 10**6, 400 * 86_400 * 10**6)
        rewrite = Pseudonymizer(
            RULES, RecordParser(limits), limits.max_record_bytes, MASTER_KEY.encode()
        ).rewrite

        def passed_on(record: RawRecord) -> RawRecord:
            value = record.value or b""
            for name in (*names, "UNKNOWN"):
                told = f'"subject": "{person_of(name)}"'.encode()
                value = value.replace(f'"subject": "{name}"'.encode(), told)
            (became,) = rewrite(None, value, record.log_time_ms, key_of).records
            return replace(record, value=became.value)

        return replace(
            world,
            records=tuple(tuple(map(passed_on, partition)) for partition in world.records),
            known_at_ms={key_of(person_of(n)).pseudonym: world.known_at_ms[n] for n in names},
            amended_at_ms={key_of(person_of(n)).pseudonym: world.amended_at_ms[n] for n in names},
        )

    return make


def complete_proofs(settings_path: Path) -> str:
    """Return the complete proofs of all rows that can be proved."""
    settings = load_settings(settings_path, {})
    catalog = open_catalog(settings.catalog)
    row_ids = sorted(SealStore(catalog, "billing").seals())
    with recomputed_usage(catalog, settings) as usage:
        place_rows(usage.rows, usage.until)
        trees = [tree for _, tree in sealed_trees(usage.rows, row_ids)]
    return write_proofs([tree.disclose() for tree in trees if not isinstance(tree, UnprovedRow)])


def check_all(settings: Path, proofs: Path, capsys: Output) -> str:
    """Verify seals, proofs and usage; return the ledger of it all that was printed."""
    assert seal_usage.main(["--settings", str(settings), "--verify"], {}, lambda: 8) == 0
    roots = [
        part
        for seal in SealStore(open_catalog(LocalCatalog(settings.parent)), "billing")
        .seals()
        .values()
        for part in ("--root", seal.root)
    ]
    assert verify_proof.main([str(proofs), *roots], {}) == 0
    assert reconcile_usage.main(["--settings", str(settings)], {}, lambda: NOW) == 0
    return capsys.readouterr().out


def test_erasing_breaks_no_proof_and_leaves_no_name(tmp_path: Path, capsys: Output) -> None:
    """Seals, proofs and the audit say what they said; no file names a person or holds a key."""
    privacy = replace(sqlite_settings(tmp_path / "keys"), rules=RULES)
    create_key_store(privacy)
    subjects = [person_of(name) for name in ("A", "B", "C", "D", "UNKNOWN")]
    with open_key_store(privacy) as store:
        simulated = simulate(SEED, tmp_path, make=make_private_world(privacy, store))
    with closing(sqlite3.connect(privacy.key_store)) as rows:
        stored = [key for (key,) in rows.execute("SELECT subject_key FROM meterclose_subject_keys")]
    assert len(stored) >= 3
    settings = simulated.write(tmp_path)
    assert seal_usage.main(["--settings", str(settings)], {}, lambda: 7) == 0
    proofs = tmp_path / "proof.json"
    proofs.write_text(complete_proofs(settings))
    capsys.readouterr()
    before = check_all(settings, proofs, capsys)
    private = tmp_path / "private.yaml"
    section = {"intake_topic": "intake", "key_store": privacy.key_store}
    private.write_text(yaml.safe_dump(yaml.safe_load(settings.read_text()) | {"privacy": section}))
    for subject in subjects:
        arguments = ["--settings", str(private), "--subject", subject]
        assert erase_subject.main([*arguments, "--by", "Ann", "--reason", "7"], ENVIRON) == 0
    with open_key_store(privacy) as store:
        assert [store.find_key(each) for each in subjects] == [None] * len(subjects)
    capsys.readouterr()
    assert check_all(settings, proofs, capsys) == before
    assert complete_proofs(settings) == proofs.read_text()
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    # Parquet is compressed, so its rows are looked at, too.
    catalog = open_catalog(LocalCatalog(tmp_path))
    for name in catalog.list_tables("billing"):
        assert PERSON not in str(catalog.load_table(name).scan().to_arrow().to_pylist())
    assert "p-" in str(catalog.load_table(("billing", "raw_events")).scan().to_arrow().to_pylist())
    for each in files:
        content = each.read_bytes()
        assert PERSON.encode() not in content, each
        assert not [key for key in stored if key in content], each
