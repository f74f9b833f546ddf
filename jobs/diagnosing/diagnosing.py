"""The list of checks, and how they are made: one that fails, or breaks, leaves the others alone."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from jobs.diagnosing.checking_kafka import check_broker, check_clock, check_topics
from jobs.diagnosing.checking_machine import (
    check_flink,
    check_jars,
    check_java,
    check_packages,
    check_pyiceberg,
    check_python,
)
from jobs.diagnosing.checking_privacy import check_key_store
from jobs.diagnosing.checking_settings import (
    check_accounts,
    check_contracts,
    check_invoicing,
    check_meters,
    check_rate_cards,
    check_settings,
)
from jobs.diagnosing.checking_tables import (
    check_catalog,
    check_checkpoint_dir,
    check_tables,
    check_warehouse,
    check_zone_data,
    check_zones,
)
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.settings import Settings
from jobs.settings.shapes import SECRET_NAME, mask_secret
from schemas.finding import Finding, Verdict

Check = Callable[[Deployment], Iterator[Finding]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "python": check_python,
        "packages": check_packages,
        "pyiceberg": check_pyiceberg,
        "flink": check_flink,
        "java": check_java,
        "settings": check_settings,
        "meters": check_meters,
        "accounts": check_accounts,
        "rate cards": check_rate_cards,
        "contracts": check_contracts,
        "invoicing": check_invoicing,
        "jars": check_jars,
        "broker": check_broker,
        "topics": check_topics,
        "key store": check_key_store,
        "clock": check_clock,
        "catalog": check_catalog,
        "tables": check_tables,
        "warehouse": check_warehouse,
        "checkpoint dir": check_checkpoint_dir,
        "zone data": check_zone_data,
        "zones": check_zones,
    }
)


def diagnose(
    deployment: Deployment, checks: Mapping[str, Check] = CHECKS
) -> Iterator[tuple[str, Finding]]:
    """Yield every finding with the name of its check, in the order of the list; none has a secret.

    Args:
        deployment: What is examined.
        checks: What to look at.
    """
    secrets = _secrets_of(deployment)
    for name, check in checks.items():
        for finding in _make(check, deployment):
            yield name, _masked(finding, secrets)


def _make(check: Check, deployment: Deployment) -> Iterator[Finding]:
    try:
        yield from check(deployment)
    except UnmetError as error:
        yield Finding(Verdict.SKIPPED, str(error))
    except Exception as error:
        # Whatever went wrong, the others have to be made; and this one says that it was not.
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        yield Finding(Verdict.FAILED, found, "an answer", "see what the line names")


def _secrets_of(deployment: Deployment) -> list[str]:
    """Return every secret of the settings, and what stands in quotes in one, the longest first."""
    if not isinstance(deployment.opened_settings, Settings):
        return []
    settings = deployment.opened_settings
    sections = (settings.kafka, settings.catalog, settings.flink)
    secrets = {
        value
        for section in sections
        for name, value in section.properties.items()
        if SECRET_NAME.search(name) and value
    }
    quoted = {part for value in secrets for part in re.findall(r'password\s*=\s*"([^"]+)"', value)}
    return sorted(secrets | quoted, key=len, reverse=True)


def _masked(finding: Finding, secrets: list[str]) -> Finding:
    return Finding(
        finding.verdict,
        *(_mask(text, secrets) for text in (finding.found, finding.expected, finding.remedy)),
    )


def _mask(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return str(mask_secret("", text))
