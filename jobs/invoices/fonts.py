"""Which font of a PDF has a character: those that readers bring along, and one that is given."""

from __future__ import annotations

from html import escape
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "Helvetica", "Helvetica-Bold"
_GIVEN = "Given"
# East Asian fonts with the characters they are sure to have; the first that has one is taken.
_EAST_ASIAN = {"HeiseiKakuGo-W5": "cp932", "HYGothic-Medium": "cp949", "STSong-Light": "gbk"}
# They have letters of Europe too, but as wide as their own.
_FIRST_EAST_ASIAN = "\u2010"
# Characters of which the fonts have only a twin that looks alike.
_TWINS = str.maketrans({"\u202f": "\xa0", "\u2009": "\xa0", "\u2212": "-"})


class UnprintableTextError(Exception):
    """No font has a character; one line with the text, expected and found."""


class Fonts:
    """The fonts of one PDF."""

    def __init__(self, font_file: Path | None = None) -> None:
        """Make the fonts known.

        Args:
            font_file: TrueType font that is embedded for all that Helvetica does not have, as far
                as it has it.
        """
        for each in _EAST_ASIAN:
            registerFont(UnicodeCIDFont(each))
        self._given = None if font_file is None else TTFont(_GIVEN, str(font_file))
        if self._given is not None:
            registerFont(self._given)

    def markup(self, text: str, bold: bool = False) -> str:
        """Return text as markup of a paragraph, each run in a font that has it.

        Raises:
            UnprintableTextError: No font has one of its characters.
        """
        runs = groupby(text.translate(_TWINS), lambda each: self._font(each, text))
        texts = [(font, escape("".join(run), quote=False)) for font, run in runs]
        return "".join(
            f'<font name="{BOLD if bold and font == REGULAR else font}">{run}</font>'
            for font, run in texts
        )

    def plain(self, text: str) -> str | None:
        """Return text that is all in the regular font, as that has it; else None."""
        translated = text.translate(_TWINS)
        return translated if _has("cp1252", translated) else None

    def is_east_asian(self, text: str) -> bool:
        """Return whether lines of a text break between any two characters."""
        return any(each >= "\u2e80" for each in text)

    def _font(self, character: str, text: str) -> str:
        if _has("cp1252", character):
            return REGULAR
        if self._given is not None and ord(character) in self._given.face.charToGlyph:
            return _GIVEN
        if character >= _FIRST_EAST_ASIAN:
            for font, encoding in _EAST_ASIAN.items():
                if _has(encoding, character):
                    return font
        found = f"{character!r} (U+{ord(character):04X})"
        raise UnprintableTextError(
            f"text {text!r}: expected characters of Western Europe, Japan, Korea or China, or a"
            f" TrueType font that has the others, found {found}"
        )


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
