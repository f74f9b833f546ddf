"""Runs the tests that cover a mutant, each mutant in a process of its own that has all loaded."""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.mutation.mutating import ROOT, Mutant

_TIMES = 10
_LEAST_SECONDS = 3.0
"""A test that takes longer than so many times what it took before, and this, has been stopped."""

_MEMORY_BYTES = 3 * 2**30
_DIE_WITH_PARENT = 1


@dataclass(eq=False)
class Mutating:
    """A plugin of pytest: in place of running tests once, it runs them against each mutant.

    Attributes:
        mutants: What is tried.
        report: Called after each mutant, with whether it survived.
        seconds: What each test took, by its place among all.
        covering: Places of tests by file and line that they reach.
    """

    mutants: Sequence[Mutant]
    report: Callable[[Mutant, bool], None]
    seconds: dict[int, float] = field(default_factory=dict)
    covering: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    _has_failed: bool = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            self._has_failed = True
            if os.environ.get("MUTANT_SHOWS"):
                print(report.nodeid, report.longreprtext[-1500:], flush=True)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run each test once, then each mutant."""
        items = session.items
        for place, item in enumerate(items):
            self._measure(place, item)
            if self._has_failed:
                raise SystemExit(f"{item.nodeid} fails without a mutant")
        for mutant in self.mutants:
            first, last = mutant.lines
            places = set[int]()
            for line in range(first, last + 1):
                places |= self.covering.get((mutant.module, line), set())
            ordered = sorted(places, key=lambda each: (self.seconds[each], each))
            self.report(mutant, self._survives(mutant, [(items[n], n) for n in ordered]))
        return True

    def _measure(self, place: int, item: pytest.Item) -> None:
        modules = {str(ROOT / each.module): each.module for each in self.mutants}

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            module = modules.get(frame.f_code.co_filename)
            if module is None:
                return None
            self.covering.setdefault((module, frame.f_lineno), set()).add(place)
            return trace

        since = time.monotonic()
        sys.settrace(trace)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        sys.settrace(None)
        self.seconds[place] = time.monotonic() - since

    def _survives(self, mutant: Mutant, tests: Sequence[tuple[pytest.Item, int]]) -> bool:
        child = os.fork()
        if not child:
            try:
                self._run(mutant, tests)
            finally:
                os._exit(1)
        return os.waitpid(child, 0)[1] == 0

    def _run(self, mutant: Mutant, tests: Sequence[tuple[pytest.Item, int]]) -> None:
        """Run tests in a process of their own; it ends with 0 where none has failed."""
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _install(mutant)
        for item, place in tests:
            limit = max(_LEAST_SECONDS, _TIMES * self.seconds[place])
            signal.setitimer(signal.ITIMER_REAL, limit)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self._has_failed:
                os._exit(1)
        os._exit(0)


def _install(mutant: Mutant) -> None:
    """Give the function that a mutant is in its changed code, wherever it is known by now."""
    code = compile(mutant.apply(), str(ROOT / mutant.module), "exec", dont_inherit=True)
    names = mutant.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    found: Any = importlib.import_module(names)
    for name in mutant.function.split("."):
        found = found.__dict__[name]
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__wrapped__", found)
    found.__code__ = next(_codes(code, mutant.function))
    # What was remembered may come from the code as it was.
    for module in [
        each for name, each in sys.modules.items() if name.startswith(("udfs", "schemas"))
    ]:
        for value in list(vars(module).values()):
            if callable(clear := getattr(value, "cache_clear", None)):
                clear()


def _codes(code: CodeType, function: str) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_qualname == function:
                yield each
            yield from _codes(each, function)
