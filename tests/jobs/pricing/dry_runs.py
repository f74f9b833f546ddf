"""Dry runs over the small world, each held against all that it must not write."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.price_usage import main
from tests.jobs.pricing_world import World

Output = pytest.CaptureFixture[str]


def dry_run(
    world: World, capsys: Output, *arguments: str, cards: str | None = None, code: int = 0
) -> dict[str, Any]:
    """Return what a dry run tells as JSON; no snapshot and no file is there that was not."""
    output = dry_text(world, capsys, "--json", *arguments, cards=cards, code=code)
    found: dict[str, Any] = json.loads(output)
    return found


def dry_text(
    world: World, capsys: Output, *arguments: str, cards: str | None = None, code: int = 0
) -> str:
    """Return what a dry run prints, or of one that is refused its one line."""
    options = ["--settings", str(world.settings), "--dry-run", "--workers", "1", *arguments]
    if cards is not None:
        path = world.folder / "new.yaml"
        path.write_text(cards)
        options += ["--rate-card", str(path)]
    before = _files(world.folder), world.snapshots()
    capsys.readouterr()
    assert main(options, {}) == code
    assert (_files(world.folder), world.snapshots()) == before
    output = capsys.readouterr()
    if code == 2:
        assert (output.out, output.err.count("\n")) == ("", 1)
        return output.err
    assert output.err == ""
    return output.out


def changes(found: dict[str, Any]) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """Return what each line comes to before and after, by account, line, product and period."""
    return {
        (each["account_id"], each["line_id"], each["product"], str(each["period_start_us"])): (
            each["before_minor"],
            each["after_minor"],
        )
        for each in found["lines"]
    }


def _files(folder: Path) -> list[tuple[str, int]]:
    """Return the files of the warehouse and their sizes."""
    found = (path for path in (folder / "warehouse").rglob("*") if path.is_file())
    return sorted((str(path), path.stat().st_size) for path in found)
