"""What holds for all accounts in a run of pricing, and the texts by which a run names it."""

import json
from collections.abc import Mapping, Sequence

from iceberg.pricing_inputs import PricingInputs
from jobs.settings import Settings, load_meters
from schemas.contract import Contract, FxRate
from schemas.plain_form import content_fingerprint, encode_shape
from schemas.price_lists import PriceLists, identity_of
from schemas.rate_card import RateCard
from udfs.charging_accounts import PricingRules
from udfs.freezing import standing

_MS_US = 1000
_S_US = 1_000_000


def rules_of(settings: Settings, inputs: PricingInputs, run_id: str) -> PricingRules:
    """Return the rules of a run over its inputs."""
    lists = inputs.lists
    return PricingRules(
        cards_of(lists),
        inputs.until_us,
        greatest_grace_us(settings),
        run_id,
        _by_day(lists.fx_rates),
        freezes=tuple(each.scope for each in standing(inputs.freezes)),
    )


def cards_of(lists: PriceLists) -> dict[tuple[str, str], list[RateCard]]:
    """Return the versions of each rate card, by card and currency, in the order they hold."""
    cards: dict[tuple[str, str], list[RateCard]] = {}
    for card in sorted(lists.rate_cards, key=lambda each: each.effective_from_us):
        cards.setdefault((card.card_id, card.currency), []).append(card)
    return cards


def greatest_grace_us(settings: Settings) -> int:
    """Return how long after a period's end usage of all meters has closed."""
    return max(meter.grace_us for meter in load_meters(settings.metering.meters_file))


def late_us(settings: Settings) -> int:
    """Return how long after its instant a row of usage is emitted at most, in log time.

    A timer fires at its instant and the delay of its bucket, once the watermark, which is the slack
    behind, has passed it.
    """
    metering = settings.metering
    return metering.close_jitter_s * _S_US + (metering.watermark_slack_ms + 1) * _MS_US


def card_fingerprints(lists: PriceLists) -> str:
    """Return the hash of each version of a rate card, canonical JSON."""
    return _text(_fingerprints(lists.rate_cards))


def contract_fingerprint(lists: PriceLists) -> str:
    """Return one hash of all versions of contracts."""
    return content_fingerprint(_text(_fingerprints(lists.contracts)))


def _by_day(rates: Sequence[FxRate]) -> dict[tuple[str, str], list[FxRate]]:
    found: dict[tuple[str, str], list[FxRate]] = {}
    for rate in sorted(rates, key=identity_of):
        found.setdefault((rate.day, rate.quote), []).append(rate)
    return found


def _fingerprints(shapes: Sequence[RateCard | Contract]) -> dict[str, str]:
    """Return a hash of each version's content, by what it is known by."""
    return {
        "/".join(map(str, identity_of(each))): content_fingerprint(encode_shape(each))
        for each in shapes
    }


def _text(members: Mapping[str, object]) -> str:
    return json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
