"""Reads what Flink's processes tell Prometheus, as Prometheus would."""

import re
import urllib.request
from collections.abc import Sequence

from jobs.local.ports import LOOPBACK, listening

_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_FACTORY = "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
Scraped = dict[str, list[tuple[dict[str, str], float]]]


def reporter_options(ports: Sequence[int]) -> dict[str, str]:
    """Return the options with which each process of a cluster takes one of the ports."""
    reporter = "metrics.reporter.prom"
    return {
        "metrics.reporters": "prom",
        f"{reporter}.factory.class": _FACTORY,
        f"{reporter}.port": ",".join(map(str, ports)),
    }


def scrape(ports: Sequence[int]) -> Scraped:
    """Return the samples of all processes by metric: labels and value."""
    found: Scraped = {}
    for port in filter(listening, ports):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=60) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("#"):
                    continue
                match = _SAMPLE.fullmatch(line)
                assert match is not None, line
                sample = (dict(_LABEL.findall(match[2] or "")), float(match[3]))
                found.setdefault(match[1], []).append(sample)
    return found
