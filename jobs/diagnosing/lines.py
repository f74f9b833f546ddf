"""Takes apart the one line in which other programs say what is wrong: what, expected and found."""

import re

from schemas.finding import Finding, Verdict

_LINE = re.compile(
    r"(?P<what>.*?): expected (?P<expected>.*?), found (?P<found>.*?)(?:; (?P<remedy>.*))?"
)


def failed(error: Exception | str, remedy: str = "") -> Finding:
    """Return a failed finding that says what an error's line says.

    Args:
        error: What a check of the product raised, or its line.
        remedy: What to do where the line does not say it.
    """
    line = " ".join(str(error).split())
    parts = _LINE.fullmatch(line)
    if parts is None:
        return Finding(Verdict.FAILED, line or type(error).__name__, "", remedy)
    found = f"{parts['what']}: {parts['found']}"
    return Finding(Verdict.FAILED, found, parts["expected"], parts["remedy"] or remedy)
