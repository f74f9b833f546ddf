"""Reads the texts of a PDF without the library that wrote it."""

from __future__ import annotations

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_FONT = re.compile(rb"/BaseFont /([\w-]+)[^>]*?/Name /(F\w+(?:\+\d+)?)")
_TOKEN = re.compile(rb"/(F[\w+]+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)


def page_texts(pdf: bytes) -> list[str]:
    """Return the texts of each page, one piece a line."""
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.rstrip().endswith(b"%%EOF")
    names = {name: base for base, name in _FONT.findall(pdf)}
    streams = [
        zlib.decompress(base64.a85decode(b"<~" + each.strip(), adobe=True))
        for each in _STREAM.findall(pdf)
        if each.strip().endswith(b"~>")
    ]
    return [_text(each, names) for each in streams if b" Tj" in each]


def _text(stream: bytes, names: dict[bytes, bytes]) -> str:
    pieces, font = [], b""
    for name, piece in _TOKEN.findall(stream):
        if name:
            font = names.get(name, b"")
            continue
        encoding = "cp1252" if font.startswith(b"Helvetica") else "utf-16-be"
        pieces.append(_unescaped(piece).decode(encoding))
    return "\n".join(pieces)


def _unescaped(piece: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code.isdigit():
            return bytes([int(code, 8)])
        return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(code, code)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, piece, flags=re.DOTALL)
