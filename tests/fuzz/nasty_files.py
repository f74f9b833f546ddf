"""Configuration files that nobody should write: the examples of `config/`, damaged."""

import random
from functools import cache

import yaml

from tests.fuzz.loaders import CONFIG

SCALARS = (
    "", "~", "null", "true", "no", "0", "-1", "010", "0o10", "0x10", "1_000", "1:30", "1:30.5",
    "+5", "1e3", "1.5", ".5", ".nan", ".inf", "-.inf", "1e999", "9" * 30, "9" * 5000, "2013-07-01",
    "2013-07-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59Z", "'0.05'", "'1e9'", "'-0'", "''",
    "'\\'", "'é'", "'\u202e'", '"\\0"', '"\\ud800"', '"\\x1b[2J"', '"\\u2028"', "x" * 300, "'x y'",
    "!!python/object/apply:os.system [x]", "!!python/name:os.system", "!!binary AAAA", "!!int ''",
    "!!bool maybe", "!!float ''", "!!timestamp x", "!!null x", "!!str 5", "!!set {a}", "!!omap [a]",
    "!<tag:example.org,2000:x> 5", "!x 5", "*nowhere", "&a 5", "&a [*a]", "&a {b: *a}", "{<<: 1}",
    "{a: 1, a: 2}", "{[a]: 1}", "{1: 2}", "{~: 1}", "{true: 1}", "[]", "{}", "[[]]", "[~]", "@",
    "`", "%", "|", ">", "- -", "? a", "a: b: c", "[", "{", "'", '"', "#", "\t", "Europe/Berlin",
    "UTC", "../../etc/passwd", "Mars/Olympus", "America", "2147483648", "-2147483649",
    "9223372036854775808", "100000000000000000000", "0.0000000000000000000001", "P1M", "PT1S",
    "P0D",
)  # fmt: skip
LINES = (
    "? |\n  block\n: 1", "<<: *a", "<<: [*a, *a]", "---", "...", "%YAML 9.9", "\t- 1", "- 1", "a",
    "\0",     "\ufeff", "\x85", "\u2028", "a: 1", "a: 1\na: 2", "x: &a [1]", "y: *a", "'", '"',
)  # fmt: skip
NUMBERS = (-1, 0, 1, 2**31, 2**63, 10**18, 10**30)


@cache
def example(name: str) -> str:
    """Return the text of an example of `config/`, without comments."""
    plain = yaml.safe_load((CONFIG / f"{name}.yaml").read_text())
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def draw_file(chance: random.Random, name: str) -> bytes:
    """Return an example with some values, lines, names or bytes changed."""
    lines = example(name).splitlines()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(lines))
        lines[at] = _other_line(chance, lines[at])
        if chance.random() < 0.05:
            lines[at : at + chance.randint(1, 5)] = []
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        at = chance.randint(0, len(content))
        content = content[:at] + chance.choice((b"\xff", b"\x00", b"\xed\xa0\x80")) + content[at:]
    return content


def _other_line(chance: random.Random, line: str) -> str:
    kind = chance.random()
    head, colon, _ = line.partition(":")
    if kind < 0.7 and colon:
        return f"{head}: {chance.choice(SCALARS)}"
    if kind < 0.8 and colon:
        return f"{head}: {chance.choice(NUMBERS)}"
    indent = line[: len(line) - len(line.lstrip())]
    if kind < 0.9:
        return indent + chance.choice(LINES)
    return f"{line}\n{line}"
