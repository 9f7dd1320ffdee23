"""A notebook against the same calls in a plain script: `python -m tests.benchmarks.notebooks [STUDY]`.

Both are run as child processes; the released answers are compared before any time is printed.
"""

from __future__ import annotations

import ast
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"data_quality": "00_data_quality", "turnover": "30_turnover"}

_SHOW = """
import json as _json
_answers = []
def _show(value):
    bundle = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    if "application/vnd.wellperf.released+json" in bundle:
        _answers.append(bundle["application/vnd.wellperf.released+json"])
"""


def as_script(notebook: Path, study: Path) -> str:
    """The notebook's code, top to bottom, with what it displays displayed."""
    parts = [_SHOW]
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        if tree.body and isinstance(last := tree.body[-1], ast.Expr):
            call = ast.Call(func=ast.Name("_show", ast.Load()), args=[last.value], keywords=[])
            tree.body[-1] = ast.Expr(call)
        parts.append(ast.unparse(ast.fix_missing_locations(tree)))
        if "parameters" in cell["metadata"].get("tags", []):
            parts.append(f"study = {str(study)!r}")
    return "\n".join([*parts, "print(_json.dumps(_answers))"])


def measure(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of an action that works in child processes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return time.perf_counter() - start, cpu


def main(study: str = "data_synthetic/study.toml") -> None:
    """Prints a row per notebook."""
    path = (ROOT / study).resolve()
    print(f"{'notebook':<14}{'script s':>10}{'script CPU':>12}{'run s':>10}{'run CPU':>10}{'CPU above':>11}")
    for name, stem in NAMES.items():
        with tempfile.TemporaryDirectory() as folder:
            pack, out = Path(folder) / "pack", Path(folder) / "answers.json"
            script = Path(folder) / "script.py"
            script.write_text(as_script(ROOT / "notebooks" / f"{stem}.ipynb", path))

            def plain(script: Path = script, out: Path = out) -> None:
                with out.open("w") as file:
                    subprocess.run([sys.executable, str(script)], check=True, stdout=file, cwd=ROOT)

            def run(pack: Path = pack, name: str = name) -> None:
                command = [sys.executable, "-m", "wellperf_models.cli", "run", str(path), "--only", name]
                subprocess.run(
                    [*command, "--out", str(pack)], check=True, stdout=subprocess.DEVNULL, cwd=ROOT
                )

            plain_wall, plain_cpu = measure(plain)
            run_wall, run_cpu = measure(run)
            in_notebook = json.loads((pack / "bundles" / f"{name}.json").read_text())["evidence"]
            if in_notebook != json.loads(out.read_text()):
                raise SystemExit(f"{name}: the notebook and the script do not give the same answers")
        above = run_cpu - plain_cpu
        row = (plain_wall, plain_cpu, run_wall, run_cpu, above)
        print(f"{name:<14}{row[0]:>10.1f}{row[1]:>12.1f}{row[2]:>10.1f}{row[3]:>10.1f}{row[4]:>11.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
