r"""Service levels as Prometheus reads them: its text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

Each level is a gauge of its own, `meterclose_service_LEVEL_UNIT`; its parts are another one,
`meterclose_service_LEVEL_by_LABEL_UNIT`, as a sum over both would count twice. A level that was not
measured has none, so that nobody alerts on a number that is not there. Its verdict is always there.
Both whole numbers that a value is the quotient of stand there, too: what they grow by gives the
level of any stretch of time, as the burn rate of an objective needs it.
"""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

from jobs.reporting.exposing_metrics import metric_family
from jobs.service_levels.reading_business import BusinessFigure
from jobs.service_levels.wording import part_of
from schemas.instant import SECOND_US
from schemas.metric import Metric, MetricKind, MetricSource
from schemas.metrics import BUSINESS_METRICS
from schemas.service_level import LevelDefinition, LevelUnit, ServiceLevel, Verdict
from schemas.service_levels import LEVELS
from udfs.aggregating import plain_text

_PREFIX = "meterclose_service"
_TERMS = ("numerator", "denominator")
_TERM_DOC = "The {} of a level or a part of it, as it was measured."
_TARGET = f"{_PREFIX}_target"
_TARGET_DOC = "Targets, each in its level's unit."
_VERDICT = f"{_PREFIX}_verdict"
_VERDICT_DOC = "1 for the verdict on a level or a part of it, 0 for the others."
_MEASURED = f"{_PREFIX}_measured_timestamp_seconds"
_MEASURED_DOC = "When the levels were measured, by the clock of the program."
# A binary float has no more digits than these.
_DIGITS = Context(prec=17)


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


def business_lines(figures: tuple[BusinessFigure, ...]) -> Iterator[str]:
    """Yield the figures as Prometheus reads them."""
    for metric in BUSINESS_METRICS:
        of_metric = [each for each in figures if each.name == metric.name]
        samples = [(each.labels, plain_text(each.value)) for each in of_metric]
        yield from metric_family(metric.name, metric.doc, samples)


def level_metrics() -> Iterator[Metric]:
    """Yield every metric that can be there, for the catalogue."""
    for definition in LEVELS:
        unit = str(definition.unit)
        yield _metric(metric_name(definition), unit, (), definition.doc)
        if definition.split_by:
            name = metric_name(definition, is_of_parts=True)
            yield _metric(name, unit, (definition.split_by,), "The same, of each part.")
    for what in _TERMS:
        yield _metric(f"{_PREFIX}_{what}", "the level's", ("level", "part"), _TERM_DOC.format(what))
    yield _metric(_TARGET, "the level's", ("level", "comparison"), _TARGET_DOC)
    yield _metric(_VERDICT, "none", ("level", "part", "verdict"), _VERDICT_DOC)
    yield _metric(_MEASURED, "seconds", (), _MEASURED_DOC)


def _metric(name: str, unit: str, labels: tuple[str, ...], doc: str) -> Metric:
    return Metric(name, MetricSource.LEVELS, MetricKind.GAUGE, unit, labels, doc)


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
            yield from metric_family(metric_name(definition, is_of_parts), definition.doc, chosen)
    for what in _TERMS:
        yield from metric_family(
            f"{_PREFIX}_{what}",
            _TERM_DOC.format(what),
            [
                ({"level": each.level, "part": _part(each)}, str(getattr(each, what)))
                for each in levels
                if each.numerator is not None and each.denominator is not None
            ],
        )
    targets = {
        (each.level, each.comparison): each.target for each in levels if each.target is not None
    }
    yield from metric_family(
        _TARGET,
        _TARGET_DOC,
        [
            ({"level": level, "comparison": str(comparison)}, target)
            for (level, comparison), target in targets.items()
        ],
    )
    yield from metric_family(
        _VERDICT,
        _VERDICT_DOC,
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
    yield from metric_family(
        _MEASURED,
        _MEASURED_DOC,
        [({}, _ratio(each, SECOND_US)) for each in measured],
    )


def _part(level: ServiceLevel) -> str:
    return ",".join(f"{name}={value}" for name, value in part_of(level))


def _ratio(numerator: int, denominator: int) -> str:
    return plain_text(_DIGITS.divide(Decimal(numerator), Decimal(denominator)))
