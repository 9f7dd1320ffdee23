"""A run needs no network: not an address outside, not 127.0.0.1, no name server, no fetch of data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.samples import released
from tests.runs.conftest import show, write_notebook

_ROOT = Path(__file__).resolve().parents[2]
# a new network namespace holds one interface, the loopback, and it is down
_ALONE = ("unshare", "--map-root-user", "--net")
_PROBE = """
import socket
for address in (("127.0.0.1", 9), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, timeout=1)
    except ConnectionRefusedError:
        raise SystemExit("there is a network: " + address[0])
    except OSError:
        pass
"""
_RUN = """
import sys
from pathlib import Path
import wellperf_models.datasets as datasets

def fetch(*_, **__):
    raise SystemExit("data were fetched")

datasets.fetch = fetch
from wellperf_models.cli import main
from wellperf_models.runs import run_study
study, out, notebooks = sys.argv[1:]
result = run_study(study, out=out, notebooks_dir=Path(notebooks))
print(result)
raise SystemExit(0 if result.ok else str(result))
"""
_STUDY = """
[study]
name = "tiny"
as_of = 2024-12-31
seed = 1
[tables.people]
path = "people.csv"
[tables.spells]
path = "spells.csv"
"""
_READ = """
import wellperf_models as wp
tables = wp.load_tables(wp.load_study(study))
wp.build_provenance(tables)
import json, socket
from ipykernel.connect import get_connection_info
if json.loads(get_connection_info())["transport"] != "ipc":
    raise RuntimeError("the kernel listens on the network")
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except ConnectionRefusedError:
    raise RuntimeError("the kernel has a network")
except OSError:
    pass"""


def _environment() -> dict[str, str]:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return {**os.environ, **nowhere, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}


def _alone(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_ALONE, *command], capture_output=True, text=True, env=_environment(), timeout=300, check=False
    )


@pytest.fixture(scope="module")
def alone() -> None:
    if shutil.which("unshare") is None or _alone("true").returncode != 0:
        pytest.skip("no network namespaces for this user")


def test_the_namespace_has_no_network(alone: None) -> None:
    done = _alone(sys.executable, "-c", _PROBE)
    assert done.returncode == 0, done.stderr


def test_a_study_is_checked_run_and_published_without_a_network(alone: None, tmp_path: Path) -> None:
    study, notebooks = tmp_path / "study", tmp_path / "notebooks"
    study.mkdir()
    notebooks.mkdir()
    (study / "study.toml").write_text(_STUDY)
    people = "\n".join(f"p{i}" for i in range(40))
    (study / "people.csv").write_text(f"employee_id\n{people}\n")
    spells = "\n".join(f"p{i},2020-01-01" for i in range(40))
    (study / "spells.csv").write_text(f"employee_id,start\n{spells}\n")
    write_notebook(notebooks, "30_turnover", _READ)
    out = tmp_path / "pack"
    done = _alone(sys.executable, "-c", _RUN, str(study), str(out), str(notebooks))
    assert done.returncode == 0, done.stderr + done.stdout
    assert (out / "manifest.json").is_file()
    # the private folder of the kernel went with the run
    assert "turnover: done" in done.stdout


def test_no_page_of_a_pack_asks_for_an_address() -> None:
    """What a reader opens loads nothing: see also tests/report/test_html.py."""
    from tests.attacks.test_untrusted_text import _pages

    for text in _pages("words").values():
        assert "default-src 'none'" in text
        assert "http:" not in text
        assert "https:" not in text


def test_what_is_shown_needs_no_network_either(alone: None, tmp_path: Path) -> None:
    """A released answer, its picture and its pages, made in the namespace without a kernel."""
    code = f"""
{show(released())}
from wellperf_models.report.spreadsheet import export_tables
from wellperf_models.figures import Picture, new_figure, style
with style():
    figure, axes = new_figure()
    axes.plot([0, 1], [1, 2])
assert Picture(figure=figure, alt="x", title="x").png()"""
    done = _alone(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
