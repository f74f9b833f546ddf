"""A catalog with a network in between: Iceberg's REST protocol before the SQLite catalog.

Only what Flink's sinks and PyIceberg ask for. It can lose the answer to a commit that has landed,
and hold a commit back so that it lands after the one that was meant to replace it.
Source of the protocol: open-api/rest-catalog-open-api.yaml of https://github.com/apache/iceberg
"""

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.update import AddSnapshotUpdate

from jobs.local.ports import LOOPBACK

_LOSE, _HOLD = "lose", "hold"


class RestCatalog:
    """Serves a catalog on the loopback address until it is closed.

    Attributes:
        uri: Its address.
        lost: How many commits have landed whose answer was lost.
        landed_late: How many were held back and landed.
        refused_late: How many were held back and refused when they were let go.
        held: How many have been held back.
        outdated: How many were refused as the table had changed.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Start to serve."""
        self._catalog = catalog
        self._one_at_a_time = threading.Lock()
        self._armed: tuple[str, int] = ("", 0)
        self._held: list[tuple[tuple[str, ...], CommitTableRequest, threading.Event]] = []
        self.lost = self.landed_late = self.refused_late = self.held = self.outdated = 0
        catalog_server = self

        class Answers(_Answers):
            server_catalog = catalog_server

        self._server = _Server((LOOPBACK, 0), Answers)
        self.uri = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def lose_answers(self, count: int) -> None:
        """Let the next commits of data land, and lose their answers."""
        self._armed = (_LOSE, count)

    def hold_back(self, count: int) -> None:
        """Hold the next commits of data back; each lands before the next one of its table."""
        self._armed = (_HOLD, count)

    def close(self) -> None:
        """Stop to serve."""
        self._armed = ("", 0)
        for *_, let_go in self._held:
            let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def load(self, name: tuple[str, ...]) -> dict[str, Any]:
        """Return what the protocol says of a table.

        Raises:
            NoSuchTableError: There is none.
        """
        table = self._catalog.load_table(name)
        return {
            "metadata-location": table.metadata_location,
            "metadata": json.loads(table.metadata.model_dump_json()),
            "config": {},
        }

    def commit(self, name: tuple[str, ...], request: CommitTableRequest) -> dict[str, Any] | None:
        """Commit a change; None: the client gets no answer.

        Raises:
            CommitFailedException: What the change requires does not hold any more.
        """
        kind, left = self._armed
        brings_data = any(isinstance(each, AddSnapshotUpdate) for each in request.updates)
        with self._one_at_a_time:
            if brings_data:
                self._let_go(name)
            if not (brings_data and left and kind == _HOLD):
                self._apply(name, request)
                if not (brings_data and left and kind == _LOSE):
                    return self.load(name)
                self._armed = (kind, left - 1)
                self.lost += 1
                return None
            self._armed = (kind, left - 1)
            let_go = threading.Event()
            self._held.append((name, request, let_go))
            self.held += 1
        # Its client waits as well, if it still lives.
        let_go.wait()
        return None

    def _let_go(self, name: tuple[str, ...]) -> None:
        """Let the commits land that were held back of a table."""
        waiting = [each for each in self._held if each[0] == name]
        self._held = [each for each in self._held if each[0] != name]
        for _, request, let_go in waiting:
            try:
                self._apply(name, request)
                self.landed_late += 1
            except CommitFailedException:
                self.refused_late += 1
            let_go.set()

    def _apply(self, name: tuple[str, ...], request: CommitTableRequest) -> None:
        table = self._catalog.load_table(name)
        self._catalog.commit_table(table, request.requirements, request.updates)

    def tables(self, namespace: str) -> list[tuple[str, ...]]:
        """Return the names of the tables."""
        return list(self._catalog.list_tables(namespace))


class _Server(ThreadingHTTPServer):
    """Expects clients to be killed."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that ended; everything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Answers(BaseHTTPRequestHandler):
    """Answers one request."""

    server_catalog: RestCatalog
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Tell of the catalog, a namespace or a table."""
        match self._words():
            case ["config"]:
                self._answer(200, {"defaults": {}, "overrides": {}})
            case ["namespaces"]:
                self._answer(200, {"namespaces": [["billing"]]})
            case ["namespaces", namespace]:
                self._answer(200, {"namespace": [namespace], "properties": {}})
            case ["namespaces", namespace, "tables"]:
                listed = self.server_catalog.tables(namespace)
                identifiers = [{"namespace": list(n[:-1]), "name": n[-1]} for n in listed]
                self._answer(200, {"identifiers": identifiers})
            case ["namespaces", namespace, "tables", table]:
                self._try(lambda: self.server_catalog.load((namespace, table)))
            case _:
                self._refuse(404, "NotFoundException", self.path)

    def do_HEAD(self) -> None:
        """Tell that what is asked for is there."""
        self.send_response(204)
        self.end_headers()

    def do_POST(self) -> None:
        """Commit a change of a table."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self._words():
            case ["namespaces", namespace, "tables", table]:
                shape = json.loads(body)
                shape.setdefault("identifier", {"namespace": [namespace], "name": table})
                request = CommitTableRequest.model_validate(shape)
                self._try(lambda: self.server_catalog.commit((namespace, table), request))
            case ["namespaces", _, "tables", _, "metrics"]:
                self.send_response(204)
                self.end_headers()
            case _:
                self._refuse(404, "NotFoundException", self.path)

    def _words(self) -> list[str]:
        return [word for word in self.path.split("?")[0].split("/") if word][1:]

    def _try(self, ask: Callable[[], dict[str, Any] | None]) -> None:
        try:
            answer = ask()
        except NoSuchTableError as error:
            self._refuse(404, "NoSuchTableException", str(error))
        except CommitFailedException as error:
            self.server_catalog.outdated += 1
            self._refuse(409, "CommitFailedException", str(error))
        else:
            if answer is None:
                # The connection ends, as if the network had.
                self.close_connection = True
                return
            self._answer(200, answer)

    def _refuse(self, code: int, kind: str, message: str) -> None:
        self._answer(code, {"error": {"message": message, "type": kind, "code": code}})

    def _answer(self, code: int, shape: dict[str, Any]) -> None:
        body = json.dumps(shape).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
