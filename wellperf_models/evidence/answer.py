"""An answer to one question before the gate, and why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from wellperf_models.errors import ConvergenceError, DesignError, NotAskedError
from wellperf_models.evidence.parts import Check, Curve, Estimate, Table, require
from wellperf_models.evidence.support import Members

# design of an answer to a question that the study file does not ask
NOT_ASKED: Final = "not asked"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        study: Name of the study.
        as_of: ISO date; never taken from the data.
        data_hmac: Keyed hash of the data, so that a guess about a row can't be confirmed.
        synthetic: True stamps the pack "synthetic data: not evidence".
        public_microdata: True shows everything in full, with licence and source on the first page.
        git_commit: Informative; not compared by `verify`.
    """

    study: str
    as_of: str
    data_hmac: str
    synthetic: bool
    public_microdata: bool
    seed: int
    package_version: str
    lock_sha256: str
    python: str
    licence: str = ""
    source: str = ""
    git_commit: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An answer to one question, before the gate.

    Attributes:
        id: Unique in a pack, e.g. "turnover.description".
        question: The committee's question.
        answer: Template filled by `release` from the estimates that passed, e.g.
            "{survival_12_months} of people stay a year". A number reaches prose only this way. A part in
            [square brackets] is left out where one of its own estimates was kept back.
        estimand: What is estimated, in words, with population, time and contrast.
        population: Who it is about.
        design: How the data speak to it: "description", "association", "randomised" …
        estimates, tables, curves, checks: The findings.
        assumptions: What must hold.
        limits: What this does not show.
        provenance: Where the numbers come from.
        members: Who every number rests on whose support names nobody; None: nobody is known by name, and the
            ledger compares counts alone.
    """

    id: str
    question: str
    answer: str
    estimand: str
    population: str
    design: str
    provenance: Provenance
    estimates: tuple[Estimate, ...] = ()
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()
    checks: tuple[Check, ...] = ()
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = field(default=())
    members: Members | None = None

    def __post_init__(self) -> None:
        for what, names in (
            ("estimate", [e.name for e in self.estimates]),
            ("table", [t.name for t in self.tables]),
            ("curve", [f"{c.name}/{c.group}" for c in self.curves]),
            ("check", [c.name for c in self.checks]),
        ):
            require(len(names) == len(set(names)), f"every {what} of an evidence has its own name", self.id)

    def __repr__(self) -> str:
        """Shapes only: an Evidence has not passed the gate."""
        return (
            f"Evidence({self.id!r}: {len(self.estimates)} estimates, {len(self.tables)} tables, "
            f"{len(self.curves)} curves, {len(self.checks)} checks; not released)"
        )


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """Why a question has no answer in these data: the design does not allow it, or a fit did not converge.

    Attributes:
        reason: One sentence, without a person's value.
        remedy: What would help; may be empty.
        asked: False where the study file does not ask the question.
    """

    reason: str
    remedy: str = ""
    asked: bool = True

    @property
    def words(self) -> str:
        """Reason and remedy as an answer."""
        return f"Not {'answered' if self.asked else 'asked'}: {self.reason}" + (
            f" What would help: {self.remedy}." if self.remedy else ""
        )


def plain(text: str) -> str:
    """Words of others inside a template: braces and brackets would be read as one."""
    return text.translate(str.maketrans("{}[]", "()()"))


def unanswered(
    identifier: str,
    question: str,
    why: Unanswered,
    *,
    population: str,
    provenance: Provenance,
    checks: tuple[Check, ...] = (),
) -> Evidence:
    """An evidence without a number: the question, and why these data do not answer it.

    Args:
        identifier, question: Of the evidence.
        why: The reason.
        population: Who it is about.
        provenance: Where the data come from.
        checks: What can be said all the same.
    """
    return Evidence(
        id=identifier,
        question=question,
        answer=plain(why.words),
        estimand="None: not estimated.",
        population=population,
        design="not answered" if why.asked else NOT_ASKED,
        provenance=provenance,
        checks=checks,
        limits=("Nothing can be concluded from the absence of an answer.",),
    )


def attempt[**P, R](step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | Unanswered:
    """Takes one step of an analysis; what these data can't support becomes an `Unanswered`, not a stop.

    Only `DesignError` and `ConvergenceError` are taken for an answer; a wrong study file still stops.

    Args:
        step: E.g. `turnover.fit_cox`.
        args, kwargs: Its arguments. Where the first one is an `Unanswered` (there is no frame to fit), that
            is the answer, and the step is not taken.
    """
    if args and isinstance(args[0], Unanswered):
        return args[0]
    try:
        return step(*args, **kwargs)
    except (DesignError, ConvergenceError) as error:
        # brackets inside brackets are hard to read: "[roi] design" is "roi design" in a sentence
        where = f" ({error.where.translate(str.maketrans('', '', '[]'))})" if error.where else ""
        asked = not isinstance(error, NotAskedError)
        reason = error.summary.rstrip(".") + (where if asked else "") + "."
        return Unanswered(reason=reason, remedy=error.remedy or "", asked=asked)
