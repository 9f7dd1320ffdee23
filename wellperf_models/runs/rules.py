"""What a committed notebook may hold: it composes calls and tells the story, and holds no logic."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wellperf_models.errors import RunError
from wellperf_models.runs.notebooks import Notebook, read_notebook
from wellperf_models.runs.parameters import check_value

MOST_CODE_CELLS = 14
_TAG = "parameters"
_LOGIC: tuple[tuple[type[ast.AST] | tuple[type[ast.AST], ...], str], ...] = (
    ((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef), "defines a function or class"),
    ((ast.For, ast.AsyncFor, ast.While, ast.comprehension), "has a loop"),
)


def check_notebook(path: Path) -> list[str]:
    """Every rule a source notebook breaks, as sentences; empty where it keeps them all.

    Rules: well-formed declarations; no outputs; at most 14 code cells; plain Python without functions
    or loops (a comprehension is one); no number but 0 and 1 outside the parameters cell; exactly one cell
    tagged `parameters`, literals only, that assigns exactly the declared names with values that fit.
    """
    try:
        notebook = read_notebook(path)
    except RunError as error:
        return [str(error)]
    content = json.loads(notebook.content)
    return list(_problems(notebook, content))


def _problems(notebook: Notebook, content: dict[str, Any]) -> Iterator[str]:
    if content.get("metadata", {}).get("kernelspec", {}).get("name") != "python3":
        yield "metadata.kernelspec.name is not python3"
    cells = content["cells"]
    if not cells or cells[0]["cell_type"] != "markdown":
        yield "the first cell is not the question in words"
    code = [(i, c) for i, c in enumerate(cells) if c["cell_type"] == "code"]
    if len(code) > MOST_CODE_CELLS:
        yield f"{len(code)} code cells; at most {MOST_CODE_CELLS}"
    tagged = [i for i, c in code if _TAG in c.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells are tagged {_TAG!r}; exactly one"
    for index, cell in code:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {index}: outputs are committed"
        source = "".join(cell["source"])
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            yield f"cell {index}: not plain Python ({error.msg})"
            continue
        yield from _logic(index, tree)
        if index in tagged:
            yield from _parameters_cell(index, tree, notebook)
        else:
            yield from _numbers(index, tree)


def _logic(index: int, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for kinds, words in _LOGIC:
            if isinstance(node, kinds):
                yield f"cell {index}: {words}"


def _numbers(index: int, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)
        if isinstance(node, ast.Constant) and number and node.value not in (0, 1):
            yield f"cell {index}: the number {node.value!r} belongs in the parameters cell"


def _parameters_cell(index: int, tree: ast.Module, notebook: Notebook) -> Iterator[str]:
    declared = notebook.meta.parameters
    assigned: dict[str, Any] = {}
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        target = targets[0] if len(targets) == 1 else None
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name):
            yield f"cell {index}: line {statement.lineno} is not `name = literal`"
            continue
        try:
            assigned[target.id] = ast.literal_eval(statement.value)
        except ValueError:
            yield f"cell {index}: {target.id} is computed; papermill would keep the default"
    if set(assigned) != set(declared):
        differ = ", ".join(sorted(set(assigned) ^ set(declared)))
        yield f"cell {index}: assigned and declared parameters differ: {differ}"
    for name in sorted(set(assigned) & set(declared)):
        try:
            check_value(name, assigned[name], declared[name], where=notebook.path.name, folder=Path())
        except RunError as error:
            yield f"cell {index}: {name}: {error}"
