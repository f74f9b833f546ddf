"""YAML that would stop, blow up or fool a program is one line with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings import (
    SettingsError,
    load_accounts,
    load_contracts,
    load_invoicing,
    load_meters,
    load_rate_cards,
    load_settings,
)
from jobs.settings.yaml_file import read_yaml_file
from schemas.price_lists import PriceLists

LOADERS: tuple[Callable[[Path], object], ...] = (
    lambda path: load_settings(path, {}),
    load_meters,
    load_accounts,
    lambda path: load_rate_cards(path, ()),
    lambda path: load_contracts(path, PriceLists()),
    load_invoicing,
)
# Each list has nine of the list before: 9 to the power of 8 values in a few hundred bytes.
LAUGHS = "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
CHAIN = "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 40))
NASTY = {
    "python tag": ("!!python/object/apply:os.system [x]", 1, "does not fit"),
    "binary": ("!!binary AAAA", 1, "does not fit"),
    "date": ("!!timestamp 2013-01-01", 1, "does not fit"),
    "no date": ("!!timestamp x", 1, "does not fit"),
    "set": ("!!set {a, b}", 1, "does not fit"),
    "pairs": ("!!omap [a: 1]", 1, "does not fit"),
    "empty int": ("!!int ''", 1, "does not fit"),
    "no int": ("!!int x", 1, "does not fit"),
    "no bool": ("!!bool maybe", 1, "does not fit"),
    "no float": ("!!float ''", 1, "does not fit"),
    "no null": ("!!null x", 1, "does not fit"),
    "no map": ("!!map 5", 1, "does not fit"),
    "no seq": ("!!seq {a: 1}", 1, "does not fit"),
    "list in itself": ("&a [*a]", 1, "within what it names"),
    "map in itself": ("&a {b: *a}", 1, "within what it names"),
    "merged in itself": ("&a {<<: *a}", 1, "within what it names"),
    "brackets": ("[" * 3000 + "]" * 3000, 1, "nested deeper than 32"),
    "braces": ("{a: " * 800 + "1" + "}" * 800, 1, "nested deeper than 32"),
    "laughs": (f"\n- &a0 [x]\n{LAUGHS}", 8, "more than 500000 values"),
    "chain": (f"\n- &a0 [x]\n{CHAIN}", 31, "deeper than 32"),
    "long number": ("9" * 5000, 1, "a number of 5000 digits"),
    "key of a list": ("{[a]: 1}", 1, "a key that is no text"),
    "key of a map": ("{{a: 1}: 1}", 1, "a key that is no text"),
    "repeated key": ("{a: 1, a: 2}", 1, "stands twice"),
    "half a character": ('"\\ud800"', 1, "cannot be stored"),
    "NUL": ('"\\0"', 1, "cannot be stored"),
    "no anchor": ("*nowhere", 1, "undefined alias"),
}


@pytest.mark.parametrize(("text", "line", "problem"), NASTY.values(), ids=NASTY)
def test_what_is_refused(tmp_path: Path, text: str, line: int, problem: str) -> None:
    """File and line, and what it is; nothing of it was built."""
    path = tmp_path / "f.yaml"
    path.write_text(f"a: {text}")
    with pytest.raises(SettingsError) as refused:
        read_yaml_file(path)
    message = str(refused.value)
    assert message.startswith(f"bad YAML, {path}:{line}: expected valid YAML, found ")
    assert problem in message
    assert "\n" not in message


def test_what_stays(tmp_path: Path) -> None:
    """Aliases, merges and the tags of JSON's kinds, where they fit; 32 levels."""
    path = tmp_path / "f.yaml"
    text = (
        "a: &a [!!str 5, !!int 5, !!bool true, !!float 0.5, !!null ~]\nb: &b {c: *a}\nd: {<<: *b}"
    )
    path.write_text(text)
    listed = ["5", 5, True, 0.5, None]
    assert read_yaml_file(path).content == {"a": listed, "b": {"c": listed}, "d": {"c": listed}}
    path.write_text(f"a: {'[' * 31}{']' * 31}")
    assert read_yaml_file(path).content
    path.write_text(f"a: {'[' * 32}{']' * 32}")
    with pytest.raises(SettingsError, match="deeper than 32"):
        read_yaml_file(path)


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    """No more of it is read than may be."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    with pytest.raises(SettingsError, match=r"expected at most 8388608 bytes, found more\Z"):
        read_yaml_file(path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\0", "a: 1".encode("utf-16"), b"a: \x1b[2J", b"\xef\xbb\xbf"]
)
@pytest.mark.parametrize("load", LOADERS)
def test_bytes_that_are_no_file(
    tmp_path: Path, load: Callable[[Path], object], content: bytes
) -> None:
    """Each loader says so in one line."""
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load(path)
    assert str(refused.value).isprintable()


def test_a_message_is_short_and_printable(tmp_path: Path) -> None:
    """However long or odd the text that it shows is."""
    path = tmp_path / "f.yaml"
    path.write_text('meters: [{? "' + "\\e[2J" * 1000 + '" : 1}]')
    with pytest.raises(SettingsError) as refused:
        load_meters(path)
    message = str(refused.value)
    assert message.isprintable()
    assert message.endswith("...")
    assert len(message) < 700
