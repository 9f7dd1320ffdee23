"""Runs the tests that reach a mutant, in a process of its own, on a copy of the tree."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import io
import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant

PACKAGE = "wellperf_models.disclosure"
AT_ONCE = 2
# a mutant may loop for ever: this many seconds of its own CPU, or so many times what its tests take
_SHORTEST, _TIMES = 20.0, 8.0
# one that only waits
_WAITS = 300.0
# imported before forking, so that it is done once: what is heavy, and those of our modules that never change
_WARM = (
    "numpy",
    "scipy.optimize",
    "scipy.sparse",
    "pandas",
    "polars",
    "wellperf_models.errors",
    "wellperf_models.evidence",
    "wellperf_models.study",
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Which tests execute which line.

    Attributes:
        lines: (file, line) → tests, the quickest first.
        seconds: Test → how long it takes.
    """

    lines: dict[tuple[str, int], list[str]]
    seconds: dict[str, float]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Tests that may notice a mutant, the quickest first.

        Those that execute its line; where that is a part of a longer statement, its function; all for what
        runs at import. None: no test goes there.
        """
        if mutant.body is None:
            return sorted(self.seconds, key=self.seconds.__getitem__)
        if found := self.lines.get((mutant.file, mutant.line)):
            return found
        inside = range(mutant.body[0], mutant.body[1] + 1)
        found = list({t for line in inside for t in self.lines.get((mutant.file, line), ())})
        return sorted(found, key=self.seconds.__getitem__)


_Lines = set[tuple[str, int]]


class _Recorder:
    """A pytest plug-in that notes the lines of the package each test executes."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.lines: dict[str, _Lines] = defaultdict(set)
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: list[str] = []
        self._now: _Lines = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now = self.lines[item.nodeid]
        sys.monitoring.restart_events()
        start = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - start
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def see(self, code: CodeType, line: int) -> Any:
        """Called once a line and test."""
        if code.co_filename.startswith(self.folder):
            self._now.add((Path(code.co_filename).name, line))
        return sys.monitoring.DISABLE


def measure_reach(tests: Sequence[str], tree: Path) -> Reach:
    """Runs the tests as they are, in a process of its own.

    Raises:
        SystemExit: They do not pass.
    """
    result = _in_process(lambda: _record(tests, tree), 3600.0)
    if not isinstance(result, tuple) or result[2]:
        raise SystemExit(f"the tests do not pass on the unchanged code: {result[2] if result else 'crash'}")
    lines, seconds, _ = result
    by_line: dict[tuple[str, int], list[str]] = defaultdict(list)
    for test in sorted(lines, key=seconds.__getitem__):
        for place in lines[test]:
            by_line[place].append(test)
    return Reach(lines=dict(by_line), seconds=seconds)


def judge_all(mutants: Iterable[Mutant], reach: Reach, done: Callable[[Mutant, str], None]) -> None:
    """Runs every mutant, a few at once; calls `done` with "killed", "survived" or "timeout"."""
    waiting, running = list(mutants)[::-1], dict[Connection, tuple[Any, Mutant, float]]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant = waiting.pop()
            tests = reach.tests_of(mutant)
            if not tests:
                done(mutant, "survived")
                continue
            limit = max(_SHORTEST, _TIMES * sum(reach.seconds[t] for t in tests))
            process, end = _start(lambda m=mutant, t=tests, s=limit: _survives(m, t, s))
            running[end] = (process, mutant, time.monotonic() + limit + _WAITS)
        for end in wait(list(running), timeout=0.5):
            assert isinstance(end, Connection)
            process, mutant, _ = running.pop(end)
            state = "killed"
            with contextlib.suppress(EOFError):
                state = "survived" if end.recv() is True else "killed"
            process.join()
            done(mutant, "timeout" if process.exitcode == -signal.SIGXCPU else state)
        for end, (process, mutant, until) in list(running.items()):
            if time.monotonic() > until:
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                del running[end]
                done(mutant, "timeout")


def _survives(mutant: Mutant, tests: Sequence[str], seconds: float) -> bool:
    """Whether no test notices; a module that can't be imported is noticed."""
    resource.setrlimit(
        resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), resource.RLIM_INFINITY)
    )
    sys.meta_path.insert(0, _Finder(mutant))
    return _pytest(tests, []) == 0


def _record(
    tests: Sequence[str], tree: Path
) -> tuple[dict[str, set[tuple[str, int]]], dict[str, float], list[str]]:
    recorder = _Recorder(str(tree / PACKAGE.replace(".", os.sep)))
    tool = sys.monitoring.COVERAGE_ID
    sys.monitoring.use_tool_id(tool, "reach")
    sys.monitoring.register_callback(tool, sys.monitoring.events.LINE, recorder.see)
    sys.monitoring.set_events(tool, sys.monitoring.events.LINE)
    code = _pytest(tests, [recorder])
    failed = recorder.failed or ([] if code == 0 else [f"pytest ended with {code}"])
    return dict(recorder.lines), dict(recorder.seconds), failed


def _pytest(tests: Sequence[str], plugins: list[object]) -> int:
    arguments = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", *tests]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main(arguments, plugins=plugins))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a changed source."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._module = f"{PACKAGE}.{mutant.file.removesuffix('.py')}"

    def find_spec(self, fullname: str, path: object, target: object = None) -> Any:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, self._mutant.file, "exec"), module.__dict__)


def _start(work: Callable[[], object]) -> tuple[Any, Connection]:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def child() -> None:
        here.close()
        there.send(work())

    process = context.Process(target=child)
    process.start()
    there.close()
    return process, here


def _in_process(work: Callable[[], object], limit: float) -> Any:
    process, end = _start(work)
    try:
        return end.recv() if end.poll(limit) else None
    except EOFError:
        return None
    finally:
        process.join()


def warm() -> None:
    """Imports what no mutant changes, once for all."""
    # those of other packages take four seconds to load
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in _WARM:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.startswith(PACKAGE)]
