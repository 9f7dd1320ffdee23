"""Mutation testing of wellperf_models/disclosure: `python -m tests.mutation [FILE …] [--write RESULTS.md]`.

Every mutant runs in a process of its own on a copy of the tree; the checkout is never touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.runner import judge_all, measure_reach, warm

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests/disclosure",)
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
COPIED = ("wellperf_models", "tests", "notebooks", "pyproject.toml", "requirements.lock")


def main() -> int:
    """Runs them and prints what survived; 1 where fewer than nine in ten were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", help="files of the gate; all where left out")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="tests that are to notice")
    parser.add_argument("--write", metavar="FILE", help="write the table and the survivors there")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.here:
        return _in_a_copy(sys.argv[1:])
    every = [m for file in _files(options.files) for m in mutants_of(file)]
    reasons = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}
    mutants = [m for m in every if m.name not in reasons]
    warm()
    reach = measure_reach(options.tests, ROOT)
    states: dict[str, Counter[str]] = {}
    survivors: list[Mutant] = []
    with tqdm(total=len(mutants), desc="mutants", file=sys.stderr, mininterval=2.0) as bar:

        def done(mutant: Mutant, state: str) -> None:
            states.setdefault(mutant.file, Counter())[state] += 1
            if state == "survived":
                survivors.append(mutant)
                bar.write(f"survived: line {mutant.line}, {mutant.name}", file=sys.stdout)
                sys.stdout.flush()
            bar.update()

        judge_all(mutants, reach, done)
    table, share = summary(states, Counter(m.file for m in every if m.name in reasons))
    print(table)
    if options.write:
        Path(options.write).write_text(report(table, share, survivors), encoding="utf-8")
    return 0 if share >= 0.9 else 1


def _in_a_copy(arguments: list[str]) -> int:
    """Runs this on a copy of the tree: the checkout stays as it is, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        for name in COPIED:
            source, target = ROOT / name, Path(folder) / name
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        command = [sys.executable, "-m", "tests.mutation", "--here", *arguments]
        environment = {**os.environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def _files(names: list[str]) -> list[Path]:
    gate = ROOT / "wellperf_models" / "disclosure"
    found = [gate / name for name in names] or sorted(gate.glob("*.py"))
    return [file for file in found if file.name != "__init__.py"]


def summary(states: dict[str, Counter[str]], skipped: Counter[str]) -> tuple[str, float]:
    """A row per file, and the share of mutants that were killed."""
    lines = ["| file | mutants | killed | survived | skipped |", "|---|---|---|---|---|"]
    total: Counter[str] = Counter()
    for file in sorted(states):
        total += states[file]
        lines.append(_row(file, states[file], skipped[file]))
    lines.append(_row("**all**", total, sum(skipped.values())))
    killed = total["killed"] + total["timeout"]
    return "\n".join(lines), killed / max(1, total.total())


def _row(name: str, states: Counter[str], skipped: int) -> str:
    n, killed = states.total(), states["killed"] + states["timeout"]
    share = f"{100 * killed / max(1, n):.1f} %"
    return f"| {name} | {n} | {killed} ({share}) | {states['survived']} | {skipped} |"


def report(table: str, share: float, survivors: list[Mutant]) -> str:
    """The page that is committed."""
    day = datetime.now(tz=UTC).date().isoformat()
    lines = [
        "# Mutation testing of the gate",
        "",
        f"`python -m tests.mutation`, {day}: {100 * share:.1f} % of the mutants of",
        f"`wellperf_models/disclosure/` are killed by {', '.join(f'`{t}`' for t in TESTS)}.",
        "",
        table,
        "",
        "A mutant is one change: a comparison moved or turned, a number one up or down (a fraction by half),",
        "a condition negated, `and` for `or`, a statement, call or `raise` taken out, `None` returned, plus",
        "for minus, `min` for `max`, `any` for `all`, a filter dropped. Not changed are words (texts,",
        "messages, `__repr__`), imports, decorators, annotations, `strict=` of `zip`. Skipped mutants change",
        "nothing that can be observed; each has its reason in `equivalent.toml`.",
        "",
        "## Survivors",
        "",
        *(f"- line {m.line}, `{m.name}`" for m in sorted(survivors, key=lambda m: (m.file, m.line))),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
