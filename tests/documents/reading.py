"""Reads the project's documents: their code blocks, links, and the names they mention."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
NOT_RUN = "# not run by a test: "
"""Stands behind a command that no test runs, before the reason: readers see it, too."""
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a document, with the language it names."""

    document: str
    language: str
    text: str


def documents() -> dict[str, str]:
    """Return the text of every document by its path in the project."""
    paths = [ROOT / name for name in DOCUMENTS] + sorted((ROOT / "docs").rglob("*.md"))
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def blocks(document: str, language: str) -> list[Block]:
    """Return the code blocks of a document in one language, in their order."""
    return [
        Block(document, language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for indent, found, text in _BLOCK.findall(documents()[document])
        if found == language
    ]


def prose(document: str) -> str:
    """Return the text of a document without its code blocks."""
    return _BLOCK.sub("", documents()[document])


def command_lines(document: str) -> list[str]:
    """Return every command line of a document's `sh` blocks, with what stands behind it."""
    lines = [line for block in blocks(document, "sh") for line in block.text.splitlines()]
    return [line for line in lines if line.strip()]


def commands(document: str) -> list[list[str]]:
    """Return every command line of a document's `sh` blocks, as words."""
    return [shlex.split(line, comments=True) for line in command_lines(document)]
