"""The options of the pricing job, and what needs no job."""

from dataclasses import replace
from pathlib import Path

from jobs.flink.pricing_job import PricedAccounts, PricingJob, pricing_options, run_pricing_job
from jobs.settings import Settings, load_settings
from udfs.charging_accounts import PricingRules

CONFIG = Path(__file__).parents[3] / "config"


def _settings(**properties: str) -> Settings:
    settings = load_settings(CONFIG / "demo.yaml", {})
    return replace(settings, flink=replace(settings.flink, parallelism=3, properties=properties))


def test_what_the_job_depends_on_wins() -> None:
    """A second attempt would commit twice; other options are passed on."""
    wrong = {"restart-strategy.type": "fixed-delay", "execution.runtime-mode": "STREAMING"}
    options = pricing_options(_settings(**wrong, **{"rest.port": "0"}))
    assert options["restart-strategy.type"] == "disable"
    assert options["execution.runtime-mode"] == "BATCH"
    assert options["rest.port"] == "0"
    assert options["parallelism.default"] == "3"


def test_no_rows_need_no_job() -> None:
    """Before anything was agreed or used there is nobody to charge."""
    job = PricingJob(PricingRules({}, 0, 0, "run"), {"raw_events": 1}, "branch", has_details=True)
    assert run_pricing_job(_settings(), job) == PricedAccounts(0, 0)
