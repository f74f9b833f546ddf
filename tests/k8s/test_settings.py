"""The settings that are mounted are ones that the programs take, and say what Flink is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from jobs.flink.environment import flink_options
from jobs.settings import (
    Settings,
    load_accounts,
    load_contracts,
    load_invoicing,
    load_meters,
    load_rate_cards,
    load_settings,
)
from jobs.settings.guarding import OWNED_OPTIONS, REQUIRED_OPTIONS
from tests.k8s.manifests import (
    OVERLAYS,
    environment,
    flink_pods,
    named,
    program_pods,
    values,
    write_config,
)


def _settings(overlay: str, folder: Path) -> Settings:
    """Return the settings as the job reads them, secrets replaced by their references."""
    (manager, _) = flink_pods(overlay)
    return load_settings(write_config(overlay, folder), environment(manager))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_file_loads(overlay: str, tmp_path: Path) -> None:
    """Settings, meters, accounts, prices, contracts and who invoices: by the product's loaders."""
    settings = _settings(overlay, tmp_path)
    meters = load_meters(settings.metering.meters_file)
    assert meters
    assert load_accounts(tmp_path / "accounts.yaml")
    cards = load_rate_cards(tmp_path / "rate_cards.yaml", meters)
    assert load_contracts(tmp_path / "contracts.yaml", cards).contracts
    assert load_invoicing(tmp_path / "invoicing.yaml").buyers


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_programs_have_the_jobs_settings(overlay: str, tmp_path: Path) -> None:
    """Every program reads the same settings as the job, but for secrets that it does not need."""
    job = _settings(overlay, tmp_path)
    for pod in program_pods(overlay):
        found = load_settings(tmp_path / "settings.yaml", environment(pod))
        assert found.metering == job.metering
        assert found.flink == job.flink
        for ours, theirs in ((found.kafka, job.kafka), (found.catalog, job.catalog)):
            assert ours.properties.items() <= theirs.properties.items()
            assert replace(ours, properties={}) == replace(theirs, properties={})
        reads_kafka = "meterclose/reads-kafka" in pod.labels
        assert ("sasl.jaas.config" in found.kafka.properties) == reads_kafka


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_flink_is_told_what_the_program_sets(overlay: str, tmp_path: Path) -> None:
    """Options that the program sets, too, have its value; none breaks a guarantee."""
    settings = _settings(overlay, tmp_path)
    spec = named(overlay, "FlinkDeployment", "meterclose")["spec"]
    told, set_by_us = spec["flinkConfiguration"], flink_options(settings)
    both = set(told) & set(set_by_us)
    assert {option: told[option] for option in both} == {
        option: set_by_us[option] for option in both
    }
    assert both >= {"execution.checkpointing.dir", "pipeline.max-parallelism"}
    assert not {option for option in told if option in OWNED_OPTIONS} - both
    for option, (required, _) in REQUIRED_OPTIONS.items():
        assert told.get(option, required) == required
    assert spec["job"]["parallelism"] == settings.flink.parallelism
    assert settings.flink.max_parallelism == int(told["pipeline.max-parallelism"]) == 360


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_readers_have_partitions(overlay: str, tmp_path: Path) -> None:
    """Parallelism is at most the partitions: more readers would be refused, as they would idle."""
    settings = _settings(overlay, tmp_path)
    assert settings.flink.parallelism <= settings.kafka.partitions


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_state_survives_upgrades(overlay: str) -> None:
    """Savepoints at upgrades, high availability, and all of it outside the cluster."""
    spec = named(overlay, "FlinkDeployment", "meterclose")["spec"]
    options = spec["flinkConfiguration"]
    assert spec["job"]["upgradeMode"] == "savepoint"
    assert spec["job"]["allowNonRestoredState"] is False
    assert options["high-availability.type"] == "kubernetes"
    places = values(overlay)["state"].values()
    assert all(place.startswith("s3://") for place in places)
    assert len(set(places)) == 3
    assert options["execution.submit-failed-job-on-application-error"] == "false"
