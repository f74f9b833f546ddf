"""What is fuzzed: each target takes any bytes, and raises where something is wrong."""

from collections.abc import Callable
from functools import partial

from tests.fuzz.byte_chance import ByteChance
from tests.fuzz.checking import check_account, check_file, check_log, check_record, check_state
from tests.fuzz.loaders import LOADERS
from tests.fuzz.nasty_accounts import draw_account
from tests.fuzz.nasty_files import draw_file
from tests.fuzz.nasty_records import draw_record
from tests.fuzz.nasty_states import draw_state

_MOST_RECORDS = 8


def _drawn_record(content: bytes) -> None:
    check_record(draw_record(ByteChance(content)))


def _drawn_log(content: bytes) -> None:
    chance = ByteChance(content)
    payloads = [draw_record(chance) for _ in range(chance.randint(1, _MOST_RECORDS))]
    check_log(payloads, seed=len(content))


def _drawn_account(content: bytes) -> None:
    check_account(draw_account(ByteChance(content)))


def _drawn_state(content: bytes) -> None:
    check_state(draw_state(ByteChance(content)))


def _drawn_file(name: str, content: bytes) -> None:
    check_file(name, draw_file(ByteChance(content), name))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "record": check_record,
    "drawn_record": _drawn_record,
    "drawn_log": _drawn_log,
    "account": check_account,
    "drawn_account": _drawn_account,
    "state": check_state,
    "drawn_state": _drawn_state,
    **{f"{name}_file": partial(check_file, name) for name in LOADERS},
    **{f"drawn_{name}_file": partial(_drawn_file, name) for name in LOADERS},
}
