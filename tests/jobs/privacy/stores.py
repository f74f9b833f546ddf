"""Key stores for tests."""

from pathlib import Path

from jobs.settings import PrivacySettings
from schemas.privacy import PrivacyRules

MASTER_KEY = "a master key of thirty-two bytes or more"


def sqlite_settings(folder: Path, master_key: str = MASTER_KEY) -> PrivacySettings:
    """Return the settings of a store in a folder."""
    return PrivacySettings(
        "intake", str(folder / "keys.db"), PrivacyRules({}), master_key=master_key
    )
