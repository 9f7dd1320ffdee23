"""One notebook in its own process: `python -m wellperf_models.runs.execute_one JOB.json OUTCOME.json`.

The only place that knows papermill. Threads would not do: papermill changes the current folder.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from wellperf_models.disclosure.claims import CLAIMS_VARIABLE
from wellperf_models.disclosure.shown import shown
from wellperf_models.report.controls import escape_hidden
from wellperf_models.runs.clean import clean_notebook, error_text, failing_line, find_error, why_stopped
from wellperf_models.runs.inside import write_inside
from wellperf_models.runs.job import Job, Outcome

_KERNEL = "python3"
# AF_UNIX names are short: 104 bytes on macOS, 108 on Linux
_LONGEST_SOCKET = 100


def main(job_file: str, outcome_file: str) -> None:
    """Executes the job and writes the outcome."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    job = Job.read(Path(job_file))
    _execute(job).write(Path(outcome_file))


def _end_with_parent(parent: int) -> None:
    """A run that is killed leaves no worker behind; the kernel watches this process the same way."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def isolate(work: Path) -> None:
    """Jupyter and IPython see this folder alone.

    A user-level kernelspec, configuration, start-up file or history of whoever runs this can't reach the
    notebook: the kernel is this very interpreter.
    """
    kernel = work / "kernels" / _KERNEL
    kernel.mkdir(parents=True)
    # tables and claims are read in here, so nothing of the session may be kept
    options = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=40"]
    options.append("--IPKernelApp.extensions=wellperf_models.runs.kernel")
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *options]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    os.environ.update(
        JUPYTER_PATH=str(work),
        JUPYTER_DATA_DIR=str(work),
        JUPYTER_CONFIG_DIR=str(work),
        JUPYTER_CONFIG_PATH="",
        JUPYTER_RUNTIME_DIR=str(work),
        JUPYTER_NO_CONFIG="1",
        JUPYTER_PREFER_ENV_PATH="1",
        JUPYTER_PLATFORM_DIRS="1",
        IPYTHONDIR=str(work / "ipython"),
    )


def _execute(job: Job) -> Outcome:
    work = Path(job.work)
    isolate(work)
    # jsonschema takes every optional format checker it finds; this one builds a grammar on import, 2.4 s of
    # CPU a notebook, for a format that notebooks do not use
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook
    from traitlets.config import Config

    argv = KernelSpecManager().get_kernel_spec(_KERNEL).argv
    if argv[0] != sys.executable:
        return Outcome(ok=False, error=f"the kernel {_KERNEL} is another Python than this one")
    raw = work / "executed.ipynb"
    config = Config()
    socket = str(work / "kernel")
    if os.name == "posix" and len(socket) + len("-1") <= _LONGEST_SOCKET:
        # a socket file in a private folder: no other user of the machine can listen. The name must be given:
        # by default it is `kernel-ipc` in the current folder, and two notebooks would share it
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = socket
    source = json.loads(Path(job.notebook).read_bytes())
    died = ""
    try:
        execute_notebook(
            # papermill takes both for templates
            _without_fields(job.notebook),
            _without_fields(str(raw)),
            parameters=job.parameters,
            kernel_name=_KERNEL,
            progress_bar=False,
            log_output=False,
            autosave_cell_every=0,
            cwd=job.cwd,
            config=config,
        )
    except PapermillExecutionError:
        # the notebook itself says which cell
        pass
    except (DeadKernelError, CellTimeoutError) as error:
        died = f"the kernel ended before the last cell ({type(error).__name__}; out of memory?)"
    return _finish(job, source, json.loads(raw.read_bytes()), died)


def _without_fields(path: str) -> str:
    return path.replace("{", "{{").replace("}", "}}")


def _finish(job: Job, source: dict[str, Any], executed: dict[str, Any], died: str) -> Outcome:
    ids = [cell.get("id") for cell in source["cells"]]
    noted = shown(Path(os.environ[CLAIMS_VARIABLE]))
    clean, withheld = clean_notebook(executed, source_ids=ids, shown=noted, hidden_paths=job.hidden_paths)
    text = escape_hidden(json.dumps(clean, ensure_ascii=False, indent=1, sort_keys=True)) + "\n"
    try:
        write_inside(Path(job.output), text)
    except OSError as refusal:
        return Outcome(ok=False, error=f"the executed notebook can't be written ({refusal.strerror})")
    found = find_error(clean)
    if found is None:
        return Outcome(ok=not died, error=died, withheld=withheld)
    number, cell, error = found
    if (stopped := why_stopped(clean)) and not died:
        return Outcome(ok=True, stopped=stopped, withheld=withheld)
    return Outcome(
        ok=False, cell=number, error=f"`{failing_line(cell, error)}`: {error_text(error)}", withheld=withheld
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
