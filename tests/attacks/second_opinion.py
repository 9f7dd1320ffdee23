"""What `acro` and `sacroml` say of the gate: second opinions, in development only; not collected by pytest.

They need other versions than the lock, so they live in an environment of their own, and get files:

    python -m tests.attacks.second_opinion write /tmp/opinion
    python3 -m venv /tmp/opinion/env && /tmp/opinion/env/bin/pip install acro sacroml
    /tmp/opinion/env/bin/python tests/attacks/second_opinion.py judge /tmp/opinion

`acro` is asked which departments it would suppress for their size: none of them may be shown by the gate.
`sacroml` gets the chances to leave that follow from the released curves for members and others: its
worst-case attack must not tell them apart.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def write(folder: Path) -> None:
    """The people of one table, what the gate shows of it, and released chances of members and others."""
    import pandas as pd

    from tests.attacks.made import describe_all, write_private
    from wellperf_models.disclosure import release

    folder.mkdir(parents=True, exist_ok=True)
    study, evidences = describe_all(write_private(folder / "micro", "micro", 4, departments=8))
    (turnover,) = [e for e in evidences if e.id == "turnover.description"]
    shown = release(turnover, study).table("exits_by_group")
    rows = []
    for row in next(t for t in turnover.tables if t.name == "exits_by_group").rows:
        people = row.values[0]
        assert isinstance(people, int)
        rows += [{"department": row.key[0], "everyone": 1}] * people
    pd.DataFrame(rows).to_csv(folder / "people.csv", index=False)
    kept = {row.key[0]: row.values[0] is not None for row in shown.rows}
    (folder / "shown.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "chances.json").write_text(json.dumps(_chances()), encoding="utf-8")


def _chances() -> dict[str, list[float]]:
    import numpy as np

    from tests.attacks.members import curve_of
    from tests.attacks.test_membership import make_world

    world = make_world()
    answer = world.answers["turnover.description"]
    found = {}
    for name, records in (("members", world.members), ("others", world.others)):
        chances = np.zeros(records.n)
        for group in sorted(set(records.group)):
            curve = curve_of(answer, group, "survival_by_group") or curve_of(answer, "", "survival")
            assert curve is not None
            own = records.group == group
            stays = [np.interp(at[own], curve["x"], curve["y"]) for at in (records.entry, records.duration)]
            chances[own] = 1 - stays[1] / np.maximum(stays[0], 1e-9)
        found[name] = chances.tolist()
    return found


def judge(folder: Path) -> None:
    """Runs both on the files, in the environment that has them."""
    try:
        import acro
        import pandas as pd
        from sacroml.attacks.worst_case_attack import WorstCaseAttack
    except ImportError as error:
        raise SystemExit(f"{error.name} is not installed here; see the head of this file") from None
    people = pd.read_csv(folder / "people.csv")
    shown = json.loads((folder / "shown.json").read_text(encoding="utf-8"))
    session = acro.ACRO(suppress=True)
    session.crosstab(people["department"], people["everyone"])
    (output,) = session.results.results.values()
    words = {str(name): " ".join(map(str, output.outcome.loc[name])) for name in output.outcome.index}
    flagged = {name for name, text in words.items() if "threshold" in text.lower()}
    print(f"acro: {len(flagged)} of {len(shown)} departments have too few people for it")
    print(f"      of these the gate shows: {sorted(n for n in flagged if shown.get(n)) or 'none'}")
    print(
        f"      the gate hides as well: {sorted(n for n, s in shown.items() if not s and n not in flagged)}"
    )
    _worst_case(WorstCaseAttack, json.loads((folder / "chances.json").read_text(encoding="utf-8")), folder)


def _worst_case(attack_class: Any, chances: dict[str, list[float]], folder: Path) -> None:
    import numpy as np

    attack = attack_class(output_dir=str(folder / "out"), write_report=False, n_reps=10)
    both = [np.column_stack([chances[name], 1 - np.array(chances[name])]) for name in ("members", "others")]
    attack.attack_from_preds(*both)
    aucs = [m["AUC"] for m in attack.attack_metrics]
    print(f"sacroml: worst-case AUC {np.mean(aucs):.3f}, SD of 10 repetitions {np.std(aucs):.3f}")


if __name__ == "__main__":
    {"write": write, "judge": judge}[sys.argv[1]](Path(sys.argv[2]))
