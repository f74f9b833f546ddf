"""Checks what keeps personal data out of what is metered."""

from collections.abc import Iterator

from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.lines import failed
from jobs.privacy.key_store import KeyStoreError, open_key_store
from jobs.settings import SettingsError
from schemas.finding import Finding, Verdict


def check_key_store(deployment: Deployment) -> Iterator[Finding]:
    """The store of subjects' keys: it answers, and the master key is its own."""
    privacy = deployment.settings.privacy
    if privacy is None:
        raise UnmetError("the settings have no section privacy")
    try:
        with open_key_store(privacy) as store:
            count = store.count_dropped()
    except (SettingsError, KeyStoreError) as error:
        yield failed(error)
        return
    yield Finding(Verdict.OK, f"answers, with this master key; {count} keys were dropped")
