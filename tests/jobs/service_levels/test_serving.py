"""The server: what it answers, how often it measures, and that it lives on and ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from jobs.service_levels.serving import KeptPages, NotMeasuredError, Pages, make_server


class _Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now_us = 0

    def __call__(self) -> int:
        return self.now_us


class _Source:
    """Measures: counts how often it was asked, and fails when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_broken = False

    def __call__(self) -> Pages:
        self.asked += 1
        if self.is_broken:
            raise NotMeasuredError("catalog: expected an answer, found none")
        return Pages(f"metrics {self.asked}\n", f"<p>page {self.asked}</p>")


@contextmanager
def _served(kept: KeptPages) -> Iterator[HTTPConnection]:
    with make_server("127.0.0.1", 0, kept) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
        yield connection
        connection.close()
        server.shutdown()
        thread.join()


def _ask(connection: HTTPConnection, path: str, method: str = "GET") -> tuple[int, str, str]:
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_metrics_and_page_are_answered() -> None:
    """By their types; a query is left out, another path is not there, HEAD has no body."""
    with _served(KeptPages(_Source(), 10, _Clock())) as connection:
        status, kind, text = _ask(connection, "/metrics?x=1")
        assert (status, text) == (200, "metrics 1\n")
        assert kind == "text/plain; version=0.0.4; charset=utf-8"
        assert _ask(connection, "/") == (200, "text/html; charset=utf-8", "<p>page 1</p>")
        assert _ask(connection, "/other")[0] == 404
        assert _ask(connection, "/metrics", "HEAD") == (200, kind, "")
        assert _ask(connection, "/metrics", "POST")[0] == 501


def test_it_measures_at_most_so_often() -> None:
    """Once however many ask; again when what it has is old."""
    source, clock = _Source(), _Clock()
    kept = KeptPages(source, 10, clock)
    assert [kept.get().metrics for _ in range(3)] == ["metrics 1\n"] * 3
    clock.now_us = 9
    assert kept.get().metrics == "metrics 1\n"
    clock.now_us = 10
    assert kept.get().metrics == "metrics 2\n"


def test_it_says_that_it_cannot_measure_and_lives_on(capsys: pytest.CaptureFixture[str]) -> None:
    """503 and the reason, not at each scrape anew; then it can again."""
    source, clock = _Source(), _Clock()
    source.is_broken = True
    with _served(KeptPages(source, 10, clock)) as connection:
        for _ in range(2):
            status, _, text = _ask(connection, "/metrics")
            assert (status, text) == (503, "catalog: expected an answer, found none\n")
        assert source.asked == 1
        source.is_broken, clock.now_us = False, 10
        assert _ask(connection, "/metrics")[0] == 200
    assert capsys.readouterr().err == "catalog: expected an answer, found none\n"
