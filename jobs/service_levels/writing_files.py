"""Writes a file at once: whoever reads it meanwhile finds all of it, or what was there before."""

import os
import tempfile
from pathlib import Path


def write_at_once(path: Path, text: str) -> None:
    """Write a text in UTF-8 into a file, in place of what was there.

    Raises:
        OSError: The folder is missing or cannot be written to.
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)  # others, such as node_exporter, read it
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
