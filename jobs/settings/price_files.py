"""What the files of prices and of contracts share: lists of shapes, checked one after another."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from jobs.settings.shapes import SettingsError
from jobs.settings.yaml_file import YamlFile, type_name
from schemas.plain_form_reader import PlainFormError, Steps, from_plain
from schemas.price_lists import IDENTITIES, PriceShape, identity_of
from schemas.price_problem import PriceProblem
from udfs.checking import check_succession

Shape = TypeVar("Shape", bound=PriceShape)


def check_sections(file: YamlFile, sections: Sequence[str]) -> None:
    """Raise a SettingsError where a file has another section, or none at all."""
    for name in file.content:
        if name not in sections:
            where = file.where((name,))
            raise SettingsError("unknown section", where, " or ".join(sections), repr(name))
    if not file.content:
        raise SettingsError("bad file", str(file.path), " or ".join(sections), "nothing")


def read_section(
    file: YamlFile,
    section: str,
    shape: type[Shape],
    check: Callable[[Shape], Iterable[PriceProblem]],
) -> tuple[Shape, ...]:
    """Read the shapes of a section, in the file's order; a section that is missing has none.

    An item may have a `timezone`, on whose wall clock its times without an offset stand.

    Args:
        file: The file.
        section: Its name.
        shape: What each item is.
        check: What it is asked beyond its form.

    Raises:
        SettingsError: One line with file, line, place, expected and found.
    """
    listed = file.content.get(section, [])
    if not isinstance(listed, list):
        raise SettingsError("bad value", file.where((section,)), "a list", type_name(listed))
    items: list[Shape] = []
    for place, item in enumerate(listed):
        steps: Steps = (section, place)
        read = _read_item(file, shape, item, steps)
        for problem in check(read):
            raise _refusal(file, (*steps, *problem.steps), problem.expected, problem.found)
        _check_new(file, read, items, steps)
        items.append(read)
    return tuple(items)


def _read_item(file: YamlFile, shape: type[Shape], item: Any, steps: Steps) -> Shape:
    zone = None
    if isinstance(item, dict) and "timezone" in item:
        zone = _read_zone(file, item["timezone"], (*steps, "timezone"))
        item = {name: item[name] for name in item if name != "timezone"}
    try:
        return from_plain(shape, item, zone, steps)
    except PlainFormError as error:
        raise _refusal(file, error.steps, error.expected, error.found) from None


def _check_new(file: YamlFile, item: PriceShape, before: Sequence[Any], steps: Steps) -> None:
    """Refuse what stands twice, and a version that does not rise above those before it."""
    if identity_of(item) in map(identity_of, before):
        names = IDENTITIES[type(item)]
        expected = "each one once" if len(names) == 1 else f"each {', '.join(names)} once"
        found = " ".join(map(str, identity_of(item)))
        raise _refusal(file, (*steps, names[-1]), expected, repr(found))
    for problem in check_succession(item, before):
        raise _refusal(file, (*steps, *problem.steps), problem.expected, problem.found)


def _read_zone(file: YamlFile, name: object, steps: Steps) -> ZoneInfo:
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    except (KeyError, ValueError, OSError):
        raise _refusal(file, steps, "an IANA time zone", repr(name)) from None


def _refusal(file: YamlFile, steps: Steps, expected: str, found: str) -> SettingsError:
    return SettingsError("bad value", file.where(steps), expected, found)
