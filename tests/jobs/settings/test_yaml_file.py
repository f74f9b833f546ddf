"""YAML files: where a value stands, and what is no text."""

from pathlib import Path

import pytest

from jobs.settings.yaml_file import YamlFile, read_yaml_file
from schemas.plain_form_reader import Steps

TEXT = """\
# a comment
cards:
  - &first
    name: a
    tiers:
      - {up_to: 5}

      - up_to: 6
  - <<: *first
    name: b
"""


@pytest.fixture
def file(tmp_path: Path) -> YamlFile:
    """The file, read."""
    path = tmp_path / "f.yaml"
    path.write_text(TEXT)
    return read_yaml_file(path)


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ((), "2"),
        (("cards",), "2 cards"),
        (("cards", 0), "3 cards[0]"),
        (("cards", 0, "tiers", 0, "up_to"), "6 cards[0].tiers[0].up_to"),
        (("cards", 0, "tiers", 1), "8 cards[0].tiers[1]"),
        # What is missing stands where its mapping does.
        (("cards", 0, "tiers", 1, "unit_price"), "8 cards[0].tiers[1].unit_price"),
        (("cards", 0, "tiers", 2), "5 cards[0].tiers[2]"),
        (("other",), "2 other"),
        (("cards", 0, "name", "deeper"), "4 cards[0].name.deeper"),
        # What is merged stands where it was written; what is written beside it wins.
        (("cards", 1, "name"), "10 cards[1].name"),
        (("cards", 1, "tiers", 1, "up_to"), "8 cards[1].tiers[1].up_to"),
    ],
)
def test_where_a_value_stands(file: YamlFile, steps: Steps, where: str) -> None:
    """File, line and the way to it."""
    assert file.where(steps) == f"{file.path}:{where}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("+5", "+5"),
        ("2013-07-01", "2013-07-01"),
        ("0.5", 0.5),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("off", "off"),
    ],
)
def test_what_is_no_text(tmp_path: Path, text: str, value: object) -> None:
    """`010` is neither 8 nor 10, and an account may be called `no`."""
    path = tmp_path / "f.yaml"
    path.write_text(f"a: {text}")
    assert read_yaml_file(path).content == {"a": value}
