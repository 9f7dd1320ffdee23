"""`wellperf`: new, simulate, check, run, verify, ledger, dictionary.

argparse, and nothing heavy at import: `wellperf --help` answers at once. Exit codes: 0 done, 1 the data or
the pack are not in order, 2 the command could not be carried out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from wellperf_models.errors import WellperfError

_DONE, _NOT_IN_ORDER, _FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command.

    Args:
        arguments: Command line without the program's name; None reads the process's own.

    Returns:
        Exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except WellperfError as error:
        print(f"wellperf {options.command}: {error}", file=sys.stderr)
        return _FAILED
    except BrokenPipeError:
        # the reader of our output has gone (`wellperf check … | head`); nothing more can be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOT_IN_ORDER
    except Exception as error:
        if os.environ.get("WELLPERF_TRACEBACK"):
            raise
        # its message could hold a person's value
        print(
            f"wellperf {options.command}: an error of the program ({type(error).__name__}); nothing was "
            "published. Set WELLPERF_TRACEBACK=1 to see where, and take care: the traceback can hold data.",
            file=sys.stderr,
        )
        return _FAILED
    except KeyboardInterrupt:
        print(f"wellperf {options.command}: interrupted; nothing was published", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from wellperf_models import __version__

    parser = argparse.ArgumentParser(
        prog="wellperf",
        description="Evidence packs that align performance management with employee well-being.",
        epilog="Start: `wellperf new DIR --from FOLDER`, then `wellperf check DIR` and `wellperf run DIR`.",
    )
    parser.add_argument("--version", action="version", version=f"wellperf {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    new = commands.add_parser("new", help="write a commented study file, guessed from a folder's headers")
    new.add_argument("dir", type=Path, metavar="DIR", help="folder of the new study")
    new.add_argument("--from", dest="folder", type=Path, metavar="FOLDER", help="folder with your tables")
    new.add_argument(
        "--as-of", metavar="DATE", help="day of the extract (YYYY-MM-DD); asked for in the file if left out"
    )
    new.set_defaults(action=_new)

    simulate = commands.add_parser("simulate", help="write a synthetic organisation with a known truth")
    simulate.add_argument("dir", type=Path, metavar="DIR")
    simulate.add_argument("--preset", default="default", help="micro, small, default, large or million")
    simulate.add_argument("--variant", help="null, no_persistence, confounded or feedback")
    simulate.add_argument("--seed", type=int, help="other than the preset's own")
    simulate.add_argument(
        "--truth",
        type=int,
        metavar="N",
        help="people to compute truth.json from; 0: none (default: a million for the default preset)",
    )
    simulate.set_defaults(action=_simulate)

    check = commands.add_parser("check", help="list every violation; exit 1 where there is one")
    check.add_argument("study", type=Path, metavar="STUDY", help="study file, or its folder")
    check.set_defaults(action=_check)

    run = commands.add_parser("run", help="execute the notebooks and write an evidence pack")
    run.add_argument("study", type=Path, metavar="STUDY", help="study file, or its folder")
    run.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="only these notebooks (and what they need)",
    )
    run.add_argument(
        "--role",
        default="researcher",
        metavar="ROLE",
        help="who the pack is for: researcher (default), committee, or manager (one page of groups)",
    )
    run.add_argument(
        "--out", type=Path, metavar="DIR", help="the pack's folder; default reports/<study>/<run>"
    )
    run.add_argument(
        "-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
        help="a notebook parameter; may be repeated",
    )  # fmt: skip
    run.set_defaults(action=_run)

    verify = commands.add_parser("verify", help="re-execute a pack and compare every number; exit 1 on drift")
    verify.add_argument("pack", type=Path, metavar="PACK")
    verify.add_argument("--study", type=Path, help="study file, where it is no longer where the pack says")
    verify.set_defaults(action=_verify)

    ledger = commands.add_parser("ledger", help="what a study has published so far")
    ledger.add_argument("study", type=Path, metavar="STUDY")
    ledger.set_defaults(action=_ledger)

    dictionary = commands.add_parser("dictionary", help="print the data dictionary, from the declarations")
    dictionary.set_defaults(action=_dictionary)
    return parser


def _new(options: argparse.Namespace) -> int:
    from wellperf_models.tables.propose import write_proposal

    path = write_proposal(options.dir, folder=options.folder, as_of=options.as_of)
    print(f"wrote {path}: read it, mend the lines marked `guess`, then `wellperf check {path}`")
    return _DONE


def _simulate(options: argparse.Namespace) -> int:
    from wellperf_models.synth import simulate

    path = simulate(
        options.dir,
        preset=options.preset,
        variant=options.variant,
        seed=options.seed,
        truth_people=options.truth,
    )
    print(f"wrote {path}")
    return _DONE


def _check(options: argparse.Namespace) -> int:
    from wellperf_models.study import load_study, read_overrides
    from wellperf_models.tables import check_study

    study = load_study(options.study)
    # a log that can't be read is said before the tables are
    read_overrides(study)
    report = check_study(study)
    print(report)
    print(_governance(study.governance_gaps(), declared=study.governance is not None))
    return _DONE if report.ok else _NOT_IN_ORDER


def _governance(gaps: Sequence[str], *, declared: bool) -> str:
    """What `wellperf check` says of the declarations; none of it stops a run."""
    if gaps:
        count = f"{len(gaps)} gap{'' if len(gaps) == 1 else 's'}"
        head = f"\nGovernance: {count}; a pack is made all the same, and shows each"
        return "\n".join([head, *(f"  {gap}" for gap in gaps)])
    if declared:
        return "\nGovernance: declared"
    return "\nGovernance: not declared; made-up and published data need no declaration"


def _run(options: argparse.Namespace) -> int:
    from wellperf_models.runs import run_study

    result = run_study(
        options.study,
        only=tuple(options.only),
        role=options.role,
        out=options.out,
        parameters=dict(options.parameter),
    )
    print(result)
    return _DONE if result.ok else _NOT_IN_ORDER


def _verify(options: argparse.Namespace) -> int:
    from wellperf_models.runs import verify_pack

    report = verify_pack(options.pack, study=options.study)
    print(report)
    return _DONE if report.ok else _NOT_IN_ORDER


def _ledger(options: argparse.Namespace) -> int:
    from wellperf_models.disclosure.ledger_report import render_ledger
    from wellperf_models.study import load_study

    print(render_ledger(load_study(options.study)))
    return _DONE


def _dictionary(options: argparse.Namespace) -> int:
    from wellperf_models.tables.dictionary import render_dictionary

    print(render_dictionary(), end="")
    return _DONE


if __name__ == "__main__":
    sys.exit(main())
