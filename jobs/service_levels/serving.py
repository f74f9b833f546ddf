"""Serves service levels over HTTP: `/metrics` for Prometheus, and the page for people at `/`."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jobs.reporting.exposing_metrics import CONTENT_TYPE

_PLAIN, _HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"
# The page needs nothing from elsewhere, and shows names that strangers chose.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class NotMeasuredError(Exception):
    """Levels could not be measured now; one line. The server lives on: it may be so only now."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What is served of one measurement."""

    metrics: str
    html: str


class KeptPages:
    """The pages of the last measurement, measured again when somebody asks and they are old."""

    def __init__(
        self, measure: Callable[[], Pages], every_us: int, now_us: Callable[[], int]
    ) -> None:
        """Measure nothing yet.

        Args:
            measure: Measures and renders; raises a NotMeasuredError where it cannot.
            every_us: How old pages may become.
            now_us: A clock that never goes back.
        """
        self._measure, self._every_us, self._now_us = measure, every_us, now_us
        self._lock = threading.Lock()
        self._kept: tuple[int, Pages | NotMeasuredError] | None = None

    def get(self) -> Pages:
        """Return pages that are not too old; who asks meanwhile waits for the same ones.

        Raises:
            NotMeasuredError: It could not be done; it is not tried again before they would be old.
        """
        with self._lock:
            now_us = self._now_us()
            if self._kept is None or now_us - self._kept[0] >= self._every_us:
                self._kept = (now_us, self._try())
            pages = self._kept[1]
        if isinstance(pages, NotMeasuredError):
            raise pages
        return pages

    def _try(self) -> Pages | NotMeasuredError:
        try:
            return self._measure()
        except NotMeasuredError as error:
            print(error, file=sys.stderr, flush=True)
            return error


def make_server(host: str, port: int, kept: KeptPages) -> ThreadingHTTPServer:
    """Return a server that is bound and answers once it is told to serve.

    Args:
        host: Address to listen at.
        port: 0: any that is free.
        kept: What it serves.

    Raises:
        OSError: The address cannot be had.
    """

    class Handler(BaseHTTPRequestHandler):
        """Answers GET and HEAD."""

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, with_body: bool) -> None:
            status, content_type, text = _page(kept, self.path.partition("?")[0])
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", _POLICY)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the terminal quiet: a scrape is nothing to tell of."""

    return ThreadingHTTPServer((host, port), Handler)


def _page(kept: KeptPages, path: str) -> tuple[int, str, str]:
    if path not in ("/", "/metrics"):
        return 404, _PLAIN, "There are / and /metrics.\n"
    try:
        pages = kept.get()
    except NotMeasuredError as error:
        return 503, _PLAIN, f"{error}\n"
    return (200, _HTML, pages.html) if path == "/" else (200, CONTENT_TYPE, pages.metrics)
