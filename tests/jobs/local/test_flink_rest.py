"""Flink's REST answers, read from a stand-in that gives canned ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.local.flink_rest import FlinkError, FlinkRest, Vertex, latest_checkpoint

JOB = "0123456789abcdef0123456789abcdef"
TRACE = "java.lang.IllegalStateException: disk is full"


@contextmanager
def canned(answers: dict[str, Any]) -> Iterator[FlinkRest]:
    """Serve these answers by path; a path not among them is an HTTP error."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = answers.get(parts.path)
            if callable(answer):
                answer = answer(parse_qs(parts.query))
            missing = {"errors": ["Not found."]}
            body = json.dumps(missing if answer is None else answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield FlinkRest(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def job(state: str, *statuses: str) -> dict[str, Any]:
    """Return the answer about a job with vertices in these states."""
    vertices = [
        {"id": f"v{n}", "name": f"step {n}", "parallelism": 2, "status": status}
        for n, status in enumerate(statuses)
    ]
    failures = {"exceptionHistory": {"entries": [{"stacktrace": TRACE}]}}
    return {
        f"/jobs/{JOB}": {"state": state, "vertices": vertices},
        f"/jobs/{JOB}/exceptions": failures,
    }


def test_job_runs_when_all_its_vertices_do() -> None:
    """RUNNING of the job alone is not enough: its tasks may still be starting."""
    with canned(job("RUNNING", "RUNNING", "INITIALIZING")) as rest:
        assert not rest.running(JOB)
        assert rest.vertices(JOB)[1] == Vertex("v1", "step 1", 2, "INITIALIZING")
    with canned(job("RUNNING", "RUNNING")) as rest:
        assert rest.running(JOB)


def test_waiting_for_a_failed_job_shows_the_cause() -> None:
    """The error holds the job's own stack trace instead of a time-out."""
    with canned(job("FAILED", "FAILED")) as rest:
        with pytest.raises(FlinkError, match=f"(?s){JOB} is FAILED: .*disk is full"):
            rest.wait_running(JOB)
        with pytest.raises(FlinkError, match="disk is full"):
            rest.wait_state(JOB, "FINISHED")
        rest.wait_state(JOB, "FAILED")


def test_refusal_tells_flinks_words() -> None:
    """An HTTP error names the request and Flink's answer."""
    with canned({}) as rest, pytest.raises(FlinkError, match=r"GET /jobs: HTTP 404: .*Not found"):
        rest.jobs()


def test_failed_savepoint_shows_the_cause() -> None:
    """A savepoint that fails is an error with its stack trace, not an address."""
    operation = {"failure-cause": {"stack-trace": TRACE}}
    answers = {
        f"/jobs/{JOB}/stop": {"request-id": "r"},
        f"/jobs/{JOB}/savepoints/r": {"status": {"id": "COMPLETED"}, "operation": operation},
    }
    with canned(answers) as rest, pytest.raises(FlinkError, match="disk is full"):
        rest.stop_with_savepoint(JOB, Path("savepoints"))


def test_counter_sums_over_operators_however_many() -> None:
    """All metrics with the suffix count, over several requests where there are many."""
    path = f"/jobs/{JOB}/vertices/v0/subtasks/metrics"

    def metrics(query: dict[str, list[str]]) -> list[dict[str, Any]]:
        names = [f"{n}.op.late" for n in range(120)]
        if "get" not in query:
            return [{"id": name} for name in [*names, "0.op.other"]]
        asked = query["get"][0].split(",")
        assert len(asked) <= 50
        return [{"id": name, "sum": 2.0} for name in asked]

    with canned({**job("RUNNING", "RUNNING"), path: metrics}) as rest:
        assert rest.counter(JOB, ".late") == 240


def test_latest_checkpoint_is_the_highest_complete_one(tmp_path: Path) -> None:
    """Numbers are compared as numbers, and a checkpoint without metadata does not count."""
    for name, complete in (("chk-9", True), ("chk-10", True), ("chk-11", False)):
        folder = tmp_path / JOB / name
        folder.mkdir(parents=True)
        if complete:
            (folder / "_metadata").touch()
    assert latest_checkpoint(tmp_path, JOB).name == "chk-10"


def test_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    """A job that never completed one cannot be restored."""
    with pytest.raises(FileNotFoundError, match=JOB):
        latest_checkpoint(tmp_path, JOB)
