"""Jobs in parallel processes, in the order their needs allow."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from wellperf_models.runs.job import Job, Outcome

MOST_WORKERS = 2
# a process a notebook is the parallelism; more threads only fight over the same cores
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_EXCEPTION = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Kernel|Timeout\w*))\b")


def worker_environment(claims: Path, role: str, ledger_position: int) -> dict[str, str]:
    """The environment of a worker: one BLAS thread, no display, where it notes its claims.

    Args:
        claims: Private folder for them.
        role: Who reads what comes out.
        ledger_position: How many entries of the ledger it sees.
    """
    environment = dict(os.environ)
    environment.update(dict.fromkeys(_ONE_THREAD, "1"))
    environment.update(
        WELLPERF_CLAIMS_DIR=str(claims),
        WELLPERF_ROLE=role,
        WELLPERF_LEDGER_ENTRIES=str(ledger_position),
        # a figure that no one wraps in a Picture shows nothing
        MPLBACKEND="agg",
        PYTHONHASHSEED="0",
        PYDEVD_DISABLE_FILE_VALIDATION="1",
        TQDM_DISABLE="1",
    )
    environment.pop("PYTHONSTARTUP", None)
    return environment


def workers_at_once() -> int:
    """How many processes run together."""
    # os.process_cpu_count() came with 3.13
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return max(1, min(MOST_WORKERS, count or 1))


def run_jobs(
    jobs: Mapping[str, Job],
    needs: Mapping[str, Sequence[str]],
    *,
    environment: Mapping[str, str],
    work: Path,
    done: Callable[[str, Outcome], None],
) -> dict[str, Outcome]:
    """Executes every job whose needs went well.

    Args:
        jobs: By name, in pack order.
        needs: Name → names that must have ended before; those that aren't jobs are ignored.
        environment: Of the workers.
        work: Private folder for job and outcome files.
        done: Called in this thread as each ends, before anything that needs it starts.

    Returns:
        Outcomes by name; a job whose need failed has none.
    """
    outcomes: dict[str, Outcome] = {}
    waiting = list(jobs)
    running: dict[Future[Outcome], str] = {}
    processes = _Processes()
    with ThreadPoolExecutor(max_workers=workers_at_once()) as pool:
        try:
            while waiting or running:
                for name in _ready(waiting, jobs, needs, outcomes):
                    waiting.remove(name)
                    running[pool.submit(processes.run, name, jobs[name], environment, work)] = name
                if not running:
                    break
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in sorted(finished, key=lambda f: running[f]):
                    name = running.pop(future)
                    outcomes[name] = future.result()
                    done(name, outcomes[name])
        except BaseException:
            # before the pool waits for its threads, which wait for these
            processes.stop()
            raise
    return outcomes


def _ready(
    waiting: Sequence[str],
    jobs: Mapping[str, Job],
    needs: Mapping[str, Sequence[str]],
    outcomes: Mapping[str, Outcome],
) -> list[str]:
    """Those whose needs all ended well; a need that is no job (its tables are missing) holds no one up."""
    return [
        name
        for name in waiting
        if all(n in outcomes and outcomes[n].ok for n in needs.get(name, ()) if n in jobs)
    ]


class _Processes:
    """The worker processes of a run, so that none outlives it."""

    def __init__(self) -> None:
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(self, name: str, job: Job, environment: Mapping[str, str], work: Path) -> Outcome:
        job_file, outcome_file = work / f"{name}.job.json", work / f"{name}.outcome.json"
        job.write(job_file)
        command = [sys.executable, "-m", "wellperf_models.runs.execute_one", str(job_file), str(outcome_file)]
        log = work / f"{name}.log"
        with log.open("wb") as sink:
            with self._lock:
                if self._ended:
                    return Outcome(ok=False, error="the run was stopped")
                # its own session: stopped as a group, kernel included
                process = subprocess.Popen(
                    command,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._alive.add(process)
            code = process.wait()
            with self._lock:
                self._alive.discard(process)
        if code == 0 and outcome_file.is_file():
            return Outcome.read(outcome_file)
        return Outcome(ok=False, error=_reason(code, log))

    def stop(self) -> None:
        """Ends them all; their kernels see that their parent is gone and end themselves."""
        with self._lock:
            self._ended = True
            for process in self._alive:
                process.kill()


def _reason(code: int, log: Path) -> str:
    """Why a worker left no outcome, from its log: the type of an exception, never its message."""
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name} (out of memory?)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    kinds = [m[1] for line in lines if (m := _EXCEPTION.match(line))]
    return f"its process ended with code {code}" + (f" ({kinds[-1]})" if kinds else "")
