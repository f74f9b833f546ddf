"""The settings that the page on personal data shows, and those of the example, are settings."""

from pathlib import Path

import yaml

from jobs.settings import load_settings
from tests.documents.reading import ROOT, blocks

LIVE = ROOT / "config/live.yaml"


def test_the_section_of_the_page_is_that_of_the_example(tmp_path: Path) -> None:
    """Uncommented, the example's section is read, and says what the page says."""
    kept, _, commented = LIVE.read_text().partition("# privacy:")
    section = "\n".join(line.removeprefix("# ") for line in f"privacy:{commented}".splitlines())
    (shown,) = [each.text for each in blocks("docs/privacy.md", "yaml") if "privacy:" in each.text]
    found = []
    for text in (section, shown):
        path = tmp_path / "settings.yaml"
        path.write_text(f"{kept}\n{text}")
        found.append(load_settings(path, {"METERCLOSE_PRIVACY_KEY_STORE": "keys.db"}).privacy)
    assert found[0] == found[1]
    assert found[0] is not None
    assert yaml.safe_load(section)["privacy"].keys() == yaml.safe_load(shown)["privacy"].keys()
