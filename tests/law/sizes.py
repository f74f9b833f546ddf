"""The law on sizes: a file has at most 300 lines, a function 70, a line 100.

Run as a program (`make check`); prints what breaks the law and ends with exit code 1 if something
does. Ruff checks the lines of Python; here they are checked in SQL and shell scripts, too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("schemas", "udfs", "iceberg", "audit", "jobs", "tests", "benchmarks", "setup")
SUFFIXES = {".py", ".sql", ".sh"}
FILE_LINES = 300
FUNCTION_LINES = 70
LINE_CHARACTERS = 100


def breaches(name: str, text: str) -> Iterator[str]:
    """Yield one line per breach in the text of a file.

    Args:
        name: of the file; its suffix says whether it holds Python functions.
        text: what is in it.
    """
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{name}: {len(lines)} lines, at most {FILE_LINES}; split it"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS:
            yield f"{name}:{number}: {len(line)} characters, at most {LINE_CHARACTERS}"
    if name.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    where = f"{name}:{node.lineno}: {node.name}"
                    yield f"{where} has {length} lines, at most {FUNCTION_LINES}"


def main() -> None:
    """Check every file of the project."""
    found = [
        breach
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES
        for breach in breaches(str(path.relative_to(ROOT)), path.read_text())
    ]
    if found:
        print("\n".join(found))
        sys.exit(1)


if __name__ == "__main__":
    main()
