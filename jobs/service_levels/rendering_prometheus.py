r"""Service levels as Prometheus reads them: its text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

Each level is a gauge of its own, `meterclose_service_LEVEL_UNIT`; its parts are another one,
`meterclose_service_LEVEL_by_LABEL_UNIT`, as a sum over both would count twice. A level that was not
measured has none, so that nobody alerts on a number that is not there. Its verdict is always there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal

from jobs.service_levels.wording import part_of
from schemas.instant import SECOND_US
from schemas.service_level import LevelDefinition, LevelUnit, ServiceLevel, Verdict
from schemas.service_levels import LEVELS
from udfs.aggregating import plain_text

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What a server says of the text."""

_PREFIX = "meterclose_service"
# A binary float has no more digits than these.
_DIGITS = Context(prec=17)
Sample = tuple[Mapping[str, str], str]


def render_prometheus(levels: Sequence[ServiceLevel]) -> str:
    """Return the levels of one measurement as metrics; it ends with a line feed."""
    return "".join(f"{line}\n" for line in _lines(levels))


def metric_name(definition: LevelDefinition, is_of_parts: bool = False) -> str:
    """Return the name of a level's metric, or of that of its parts: its unit is the last word."""
    name = f"{_PREFIX}_{definition.name}"
    if is_of_parts:
        name += f"_by_{definition.split_by}"
    is_named = definition.unit in (LevelUnit.RATIO, LevelUnit.SECONDS)
    return f"{name}_{definition.unit}" if is_named else name


def _lines(levels: Sequence[ServiceLevel]) -> Iterator[str]:
    by_name: dict[str, list[ServiceLevel]] = {}
    for each in levels:
        by_name.setdefault(each.level, []).append(each)
    for definition in LEVELS:
        samples = [
            (dict(part_of(each)), _ratio(each.numerator, each.denominator))
            for each in by_name.get(definition.name, ())
            if each.numerator is not None and each.denominator is not None
        ]
        for is_of_parts in (False, True):
            chosen = [each for each in samples if bool(each[0]) is is_of_parts]
            yield from _family(metric_name(definition, is_of_parts), definition.doc, chosen)
    targets = {
        (each.level, each.comparison): each.target for each in levels if each.target is not None
    }
    yield from _family(
        f"{_PREFIX}_target",
        "Targets, each in its level's unit.",
        [
            ({"level": level, "comparison": str(comparison)}, target)
            for (level, comparison), target in targets.items()
        ],
    )
    yield from _family(
        f"{_PREFIX}_verdict",
        "1 for the verdict on a level or a part of it, 0 for the others.",
        [
            (
                {"level": each.level, "part": _part(each), "verdict": verdict.value},
                str(int(each.verdict is verdict)),
            )
            for each in levels
            for verdict in Verdict
        ],
    )
    measured = sorted({each.measured_at_us for each in levels})
    yield from _family(
        f"{_PREFIX}_measured_timestamp_seconds",
        "When the levels were measured, by the clock of the program.",
        [({}, _ratio(each, SECOND_US)) for each in measured],
    )


def _family(name: str, doc: str, samples: Iterable[Sample]) -> Iterator[str]:
    there = list(samples)
    if not there:
        return
    escaped = doc.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {name} {escaped}"
    yield f"# TYPE {name} gauge"
    for labels, value in there:
        text = ",".join(f'{label}="{_escape(value)}"' for label, value in labels.items())
        yield f"{name}{{{text}}} {value}" if text else f"{name} {value}"


def _part(level: ServiceLevel) -> str:
    return ",".join(f"{name}={value}" for name, value in part_of(level))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _ratio(numerator: int, denominator: int) -> str:
    return plain_text(_DIGITS.divide(Decimal(numerator), Decimal(denominator)))
