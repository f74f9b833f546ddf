"""Records that no producer should send, and some that it may: drawn piece by piece.

Everything is drawn from one source of chance, so that the same drawing serves hypothesis, the
coverage-guided fuzzer (whose bytes are the chance) and the test of the whole job (a seed).
"""

import json
import random
from typing import Any

MAX_BYTES = 65_536
DAY = "2013-06-01"
NUMBERS = (
    "0", "-0", "1", "-1", "1.5", "0.1", "1e2", "15e-1", "0.000000001", "1e-9", "1e-10",
    "99999999999999999999", "100000000000000000000", "1e19", "1e20", "9007199254740993",
    "-99999999999999999999.999999999", "0.0000000001", "1e999999999", "1e-999999999",
    "0e999999999", "0e-999999999", "1e9999999999999999999", "-1e9999999999999999999",
    "0e9999999999999999999", "1e+2", "1E2", "01", "1.", ".5", "+1", "1e", "--1", "0x10", "1_000",
    "NaN", "-NaN", "Infinity", "-Infinity", "sNaN", "nan", "inf", "\u0661\u0662", "\u00b2",
    "\uff11", "1,5", "1 ", " 1", "", "1\\n", "1e1\\u0000", "9" * 21, "0" * 30, "0." + "0" * 40,
    "1" + "0" * 40 + "e-40", "0." + "0" * 30 + "1e31", "1e00000000000000000001",
)  # fmt: skip
TIMES = (
    f"{DAY}T10:00:00Z", f"{DAY}T10:00:00.000001Z", f"{DAY}T10:00:00.123456789Z",
    f"{DAY}T10:00:00.1234567890Z", f"{DAY}T10:00:00+00:00", f"{DAY}T10:00:00-00:00",
    f"{DAY}T10:00:00+23:59", f"{DAY}T10:00:00-23:59", f"{DAY}T10:00:00+24:00",
    f"{DAY}T10:00:00-24:00", f"{DAY}T10:00:60Z", f"{DAY}T23:59:60Z", f"{DAY}T24:00:00Z",
    f"{DAY}T10:60:00Z", f"{DAY}t10:00:00z", f"{DAY} 10:00:00Z", f"{DAY}T10:00Z", DAY,
    f"{DAY}T10:00:00", f"{DAY}T10:00:00.Z", f"{DAY}T10:00:00,5Z", f"{DAY}T10:00:00Z\n",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z",
    "2013-02-29T10:00:00Z", "2012-02-29T10:00:00Z", "2013-W22-6T10:00:00Z", "20130601T100000Z",
    "2013-152T10:00:00Z", "\u0662\u0660\u0661\u0663-06-01T10:00:00Z", "-2013-06-01T10:00:00Z",
    "1370080800", "2013-05-31T23:59:59.999999Z", "2013-06-01T10:00:00.5+05:30",
)  # fmt: skip
TEXTS = (
    "a", "", " ", "0", "null", "true", "{}", "[]", '"', "\\", "/", "a:b,c", "\n", "\t", "\x00",
    "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\u202e", "\u200f\u0645\u0631\u062d\u0628\u0627",
    "e\u0301", "\u00e9", "\u0301", "\u1100\u1161", "\U0001f600", "\U0010ffff", "\ufffd", "\ufffe",
    "1e2", "NaN", "x" * 255, "x" * 256, "x" * 257, "\U0001f600" * 256, "__overflow__", "=", "*",
    "0:0", "'; DROP TABLE x; --", "${jndi:ldap://x}", "{{shares}}", "../..", "A", "%s%n", "-",
)  # fmt: skip
RAW_TEXTS = (
    '"\\ud800"', '"\\udc00"', '"\\ud83d\\ude00"', '"\\ude00\\ud83d"', '"\\u0000"', '"\\u12"',
    '"\\x41"', '"\\/"', '"\\u005c"', '"\\uFEFF"', '"\t"', '"\n"', '"', "'a'", '"a', "\\u0022",
)  # fmt: skip
BAD_BYTES = (
    b"\xff", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80",
    b"\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\x80", b"\x00",
    b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe{\x00}\x00", b"\r", b"\x0b", b"\x1a", b"\xc2\xa0",
)  # fmt: skip
TYPES = ("used", "other", "unheard", "meterclose.heartbeat", "meterclose.retraction", "Used", "")
OTHERS = (
    "null", "true", "false", "[]", "{}", "[1]", '{"a":1}', "[[[[]]]]", "0", "-1.5e3", '"x"',
    '{"units":1,"units":2}', '{"":""}', '{"units":{"units":1}}', '[{"units":1}]', "nul", "tru",
    "[1,]", '{"a":1,}', "{1:2}", "{'a':1}", "// no", "/**/1", "[", "}", ",",
)  # fmt: skip
DEPTHS = (1, 14, 15, 16, 17, 62, 63, 64, 65, 500, 1000)


def draw_record(chance: random.Random) -> bytes:
    """Return the value of a record: an event, a batch, something else, or one of them damaged."""
    kind = chance.random()
    if kind < 0.6:
        payload = draw_event(chance).encode("utf-8", "surrogatepass")
    elif kind < 0.8:
        payload = draw_batch(chance)
    elif kind < 0.9:
        payload = draw_value(chance).encode("utf-8", "surrogatepass")
    else:
        payload = draw_long(chance)
    return damage(chance, payload) if chance.random() < 0.2 else payload


def draw_event(chance: random.Random, source: str = "s") -> str:
    """Return JSON that is an event, or nearly one; every second one is a good one."""
    nastiness = chance.choice((0, 0, 0, 1, 1, 2, 4))
    members = {
        "specversion": '"1.0"',
        "id": json.dumps(f"id-{chance.randint(0, 400)}"),
        "source": json.dumps(source),
        "type": json.dumps(chance.choice(("used", "used", "other"))),
        "subject": json.dumps(chance.choice("AB")),
        "time": json.dumps(f"{DAY}T09:{chance.randint(0, 59):02d}:00Z"),
        "data": _data(chance),
    }
    for _ in range(nastiness):
        name = chance.choice([*members, "extra", "Id", "DATA"])
        members[name] = _value_for(chance, name)
    listed = [f"{_spelled(chance, name)}:{value}" for name, value in members.items()]
    if nastiness and chance.random() < 0.3:
        listed.append(chance.choice(listed))
    if nastiness and chance.random() < 0.3:
        listed.pop(chance.randrange(len(listed)))
    if chance.random() < 0.3:
        chance.shuffle(listed)
    space = chance.choice(("", "", " ", "\r\n\t "))
    return f"{space}{{{space}{f',{space}'.join(listed)}}}{space}"


def draw_batch(chance: random.Random) -> bytes:
    """Return a batch of few or of very many elements, some no events at all."""
    size = chance.choice((0, 1, 2, 3, 5, 20, 1023, 1024, 1025, 5000))
    few = [draw_event(chance) for _ in range(min(size, 5))]
    few += [draw_value(chance) for _ in range(chance.choice((0, 0, 1, 2)))]
    chance.shuffle(few)
    fill = chance.choice(("1", "{}", "[]", "null", '""'))
    listed = few[:size] + [fill] * (size - len(few))
    text = f"[{chance.choice((',', ' , '))}".replace(",", "").strip() + ",".join(listed) + "]"
    if chance.random() < 0.1:
        text = f"[{text}]"
    return text.encode("utf-8", "surrogatepass")


def draw_value(chance: random.Random) -> str:
    """Return some JSON value, or what looks like one."""
    kind = chance.randrange(5)
    if kind == 0:
        depth = chance.choice(DEPTHS)
        opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
        return opening * depth + ("1" if "{" in opening else "") + closing * depth
    if kind == 1:
        return chance.choice(NUMBERS)
    if kind == 2:
        return json.dumps(chance.choice(TEXTS), ensure_ascii=chance.random() < 0.5)
    if kind == 3:
        return chance.choice(RAW_TEXTS)
    return chance.choice(OTHERS)


def draw_long(chance: random.Random) -> bytes:
    """Return a record about as long as records may be, of one piece many times over."""
    piece = chance.choice(
        ("9", "0", "[", "{", '"a":1,', " ", "\\\\", "\\u0001", "\U0001f600", "[],", "1,", '"",')
    ).encode()
    head, tail = chance.choice(LONG_ENDS)
    length = MAX_BYTES + chance.choice((-1, 0, 0, 1))
    room = length - len(head) - len(tail)
    body = piece * (room // len(piece)) + b" " * (room % len(piece))
    return head + body + tail


def _long_ends() -> tuple[tuple[bytes, bytes], ...]:
    event = json.dumps(
        {
            "specversion": "1.0", "id": "long", "source": "s", "type": "used", "subject": "A",
            "time": f"{DAY}T09:00:00Z", "data": {"units": "HERE", "place": "THERE"},
        },
        separators=(",", ":"),
    ).encode()  # fmt: skip
    number, units, place = b'"HERE"', b"HERE", b"THERE"
    ends = [(b"", b""), (b"[", b"1]"), (b'{"a":"', b'"}'), (b'{"a":[', b"1]}")]
    for mark in (number, units, place):
        head, _, tail = event.partition(mark)
        ends.append((head, tail))
    return tuple(ends)


LONG_ENDS = _long_ends()


def damage(chance: random.Random, payload: bytes) -> bytes:
    """Return the bytes with a piece put in, taken out, cut off, or turned into another encoding."""
    at = chance.randint(0, len(payload))
    kind = chance.randrange(5)
    if kind == 0:
        return payload[:at] + chance.choice(BAD_BYTES) + payload[at:]
    if kind == 1:
        return payload[:at] + payload[at + chance.randint(1, 4) :]
    if kind == 2:
        return payload[:at]
    if kind == 3:
        pieces = (*OTHERS, *RAW_TEXTS)
        return payload[:at] + chance.choice(pieces).encode() + payload[at:]
    encoding = chance.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-be"))
    return payload.decode("utf-8", "replace").encode(encoding)


def _data(chance: random.Random) -> str:
    members: dict[str, Any] = {"units": str(chance.randint(-3, 9))}
    if chance.random() < 0.5:
        members["place"] = json.dumps(chance.choice("xyz"))
    if chance.random() < 0.3:
        members["units"] = chance.choice(NUMBERS)
        if chance.random() < 0.5:
            members["units"] = f'"{members["units"]}"'
    if chance.random() < 0.2:
        name = chance.choice(("units", "place", "color", "odd name"))
        members[name] = draw_value(chance)
    return "{" + ",".join(f"{json.dumps(name)}:{members[name]}" for name in members) + "}"


def _value_for(chance: random.Random, name: str) -> str:
    """Return a value that fits a member badly, or hardly."""
    if name == "time" and chance.random() < 0.8:
        return json.dumps(chance.choice(TIMES))
    if name == "type" and chance.random() < 0.8:
        return json.dumps(chance.choice(TYPES))
    if name == "data" and chance.random() < 0.5:
        return chance.choice(('{"source":"s","id":"id-1"}', '{"source":"s","id":1}', "{}"))
    if name in ("id", "source", "subject", "specversion") and chance.random() < 0.6:
        return json.dumps(chance.choice(TEXTS), ensure_ascii=chance.random() < 0.5)
    return draw_value(chance)


def _spelled(chance: random.Random, name: str) -> str:
    if chance.random() < 0.95:
        return json.dumps(name)
    return '"' + "".join(f"\\u{ord(each):04x}" for each in name) + '"'
