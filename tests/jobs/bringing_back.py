"""Calls the program that brings usage back, and the report, in tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs import show_usage
from jobs.bring_back_usage import main

Output = pytest.CaptureFixture[str]


def call(settings: Path, *rows: str, by: str = "Ada L", reason: str = "cut off") -> list[str]:
    """Return the arguments that bring rows back."""
    named = [word for row in rows for word in ("--row", row)]
    return ["--settings", str(settings), *named, "--by", by, "--reason", reason]


def bring_back(settings: Path, capsys: Output, *rows: str) -> list[dict[str, Any]]:
    """Bring rows back and return them as the program prints them."""
    assert main([*call(settings, *rows), "--json"], {}) == 0
    written: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["rows"]
    return written


def refused(arguments: list[str], capsys: Output) -> str:
    """Return the one line with which the program refuses."""
    assert main(arguments, {}) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err.strip()


def report(settings: Path, capsys: Output, *arguments: str) -> dict[str, Any]:
    """Return what show_usage says, where all adds up."""
    assert show_usage.main(["--settings", str(settings), "--json", *arguments], {}) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown
