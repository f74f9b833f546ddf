"""What the programs about personal data need of the settings: the section `privacy`, at least."""

from jobs.settings import PrivacySettings, Settings, SettingsError


def privacy_of(settings: Settings, path: str) -> PrivacySettings:
    """Return the section.

    Args:
        settings: All settings.
        path: Their file, for the message.

    Raises:
        SettingsError: There is no such section.
    """
    if settings.privacy is None:
        raise SettingsError("missing section", path, "a section privacy", "none")
    return settings.privacy
