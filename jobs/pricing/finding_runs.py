"""Finds the earlier run whose usage a dry run prices again."""

from iceberg.charge_history import ChargeHistory
from jobs.pricing.running import RefusedInputError
from jobs.settings import SettingsError
from schemas.pricing_run import PricingRun

LATEST, NOW = "latest", "now"


def find_run(history: ChargeHistory, as_of: str) -> PricingRun:
    """Return a run that has charges.

    Args:
        history: The runs.
        as_of: Id of the run, or of the snapshot of `charges` that it committed; or `latest`, the
            last run that is finished.

    Raises:
        RefusedInputError: No run is finished yet.
        SettingsError: There is no such run.
        UnknownSnapshotError: The snapshot has expired or never was.
    """
    if as_of == LATEST:
        if not history.finished:
            raise RefusedInputError(
                "runs: expected a finished run to price again, found none; --as-of now prices what"
                " the next run would"
            )
        return history.finished[-1]
    named = {run.run_id: run for run in history.runs}.get(as_of)
    if named is not None:
        return named
    if as_of.isascii() and as_of.isdecimal():
        committed = history.run_of(int(as_of))
        if committed is not None:
            return committed
        raise SettingsError("bad value", "--as-of", "a snapshot that a run committed", repr(as_of))
    expected = "id of a run with charges, snapshot of charges, latest or now"
    raise SettingsError("bad value", "--as-of", expected, repr(as_of))
