"""Two results, number by number: what differs by more than its computation allows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from wellperf_models.runs.inside import visible

RELATIVE: Final = 1e-6
MONTE_CARLO_ERRORS: Final = 4.0
# the ends of a 95 % interval are quantiles in thin tails: their Monte Carlo error is about 2.7 of the mean's
_TAIL: Final = 3.0
# informative, or a property of this machine; said as a note instead
_PROVENANCE_NOTES: Final = ("data_hmac", "package_version", "lock_sha256", "python", "git_commit")
_SIGNIFICANT: Final = 3
_NUMBER = re.compile(r"[−-]?\d[\d\u202f\u00a0 ]*(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing that did not reproduce.

    Attributes:
        where: Evidence id, or the file.
        name: Which part of it.
        expected: What the pack says.
        got: What came out now.
        tolerance: What would have been allowed.
    """

    where: str
    name: str
    expected: str
    got: str
    tolerance: str

    def __str__(self) -> str:
        parts = (visible(p) for p in (self.where, self.name, self.expected, self.got, self.tolerance))
        return "{}: {}: expected {}, got {} ({})".format(*parts)


def compare_results(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[Drift]:
    """Everything in which two `results.json` differ, order of the answers included.

    Args:
        expected: Of the pack.
        got: Of the re-execution.
    """
    drifts = list(_keys("results", "", expected, got))
    drifts += _equal("results", "schema", expected, got)
    drifts += _equal("results", "study", expected, got)
    drifts += _provenance(expected.get("provenance", {}), got.get("provenance", {}))
    old, new = expected.get("evidence", []), got.get("evidence", [])
    drifts += _names("results", "evidence", [e["id"] for e in old], [e["id"] for e in new])
    by_id = {e["id"]: e for e in new}
    for evidence in old:
        if evidence["id"] in by_id:
            drifts += _evidence(evidence, by_id[evidence["id"]])
    return drifts


def compare_released(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[Drift]:
    """Everything in which two released answers with the same id differ.

    Args:
        expected: Of the pack.
        got: Of the re-execution.
    """
    return [
        *_evidence(expected, got),
        *_provenance(expected.get("provenance", {}), got.get("provenance", {}), where=str(expected["id"])),
    ]


def provenance_notes(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """What differs about machine and data key, in words; no drift by itself."""
    words = {
        "data_hmac": "the keyed hash of the data differs: other data, or another key (a pack from elsewhere)",
        "package_version": "another version of wellperf",
        "lock_sha256": "another environment (lock)",
        "python": "another Python",
    }
    return [
        f"{text}: {str(expected.get(key))[:16]} in the pack, {str(got.get(key))[:16]} here"
        for key, text in words.items()
        if expected.get(key) != got.get(key)
    ]


def _provenance(
    expected: Mapping[str, Any], got: Mapping[str, Any], where: str = "results"
) -> Iterator[Drift]:
    yield from _keys(where, "provenance.", expected, got)
    for key in expected:
        if key in got and key not in _PROVENANCE_NOTES:
            yield from _equal(where, key, expected, got)


def _evidence(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    where = expected["id"]
    yield from _keys(where, "", expected, got)
    kinds = {e.get("computation", "exact") for e in expected.get("estimates", [])}
    # a results file holds the first three only
    for key in (
        "question",
        "estimand",
        "limits",
        "population",
        "design",
        "assumptions",
        "suppressed",
        "held",
    ):
        yield from _equal(where, key, expected, got)
    yield from compare_text(where, "answer", expected.get("answer"), got.get("answer"), kinds)
    for part, compare in (
        ("estimates", _estimate),
        ("tables", _table),
        ("curves", _curve),
        ("checks", _check),
    ):
        old, new = expected.get(part, []), got.get(part, [])
        names = [_identity(i) for i in old], [_identity(i) for i in new]
        yield from _names(where, part, *names)
        by_name = dict(zip(names[1], new, strict=True))
        for name, item in zip(names[0], old, strict=True):
            if name in by_name:
                yield from _keys(where, f"{part}.{name}.", item, by_name[name])
                yield from compare(where, f"{part}.{name}", item, by_name[name])


def _identity(item: Mapping[str, Any]) -> str:
    group = item.get("group")
    return f"{item['name']}/{group}" if group else str(item["name"])


def _estimate(where: str, name: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    kind, error = expected.get("computation", "exact"), expected.get("monte_carlo_error")
    for key in expected:
        if key not in got:
            continue
        if key in ("value", "low", "high"):
            allowed = error if key == "value" or error is None else _TAIL * error
            finest = _printed_unit(expected.get("printed"))
            yield from _number(where, f"{name}.{key}", expected[key], got[key], kind, allowed, finest)
        elif key == "printed":
            yield from compare_text(where, f"{name}.printed", expected[key], got[key], {kind})
        elif key == "monte_carlo_error":
            yield from _order_of_magnitude(where, f"{name}.{key}", expected[key], got[key])
        else:
            yield from _equal(where, key, expected, got, f"{name}.{key}")


def _table(where: str, name: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    for key in expected:
        if key in got and key != "rows":
            yield from _equal(where, key, expected, got, f"{name}.{key}")
    old, new = expected.get("rows", []), got.get("rows", [])
    keys = [" · ".join(r["key"]) for r in old], [" · ".join(r["key"]) for r in new]
    yield from _names(where, f"{name}.rows", *keys)
    if keys[0] != keys[1]:
        return
    kind = expected.get("computation", "exact")
    measures = [m["name"] for m in expected.get("measures", [])]
    for key, row, other in zip(keys[0], old, new, strict=True):
        yield from _equal(where, "shown", row, other, f"{name}[{key}].shown")
        errors = row.get("monte_carlo_errors") or []
        yield from _sequence(where, f"{name}[{key}]", measures, row["values"], other["values"], kind, errors)
        for place, old_error, new_error in zip(
            measures, errors, other.get("monte_carlo_errors") or [], strict=False
        ):
            where_in = f"{name}[{key}].{place}.monte_carlo_error"
            yield from _order_of_magnitude(where, where_in, old_error, new_error)


def _curve(where: str, name: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    kind = expected.get("computation", "exact")
    for key in expected:
        if key not in got:
            continue
        if isinstance(expected[key], list) and isinstance(got[key], list):
            places = [str(i) for i in range(len(expected[key]))]
            yield from _sequence(where, f"{name}.{key}", places, expected[key], got[key], kind)
        else:
            yield from _equal(where, key, expected, got, f"{name}.{key}")


def _check(where: str, name: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    kind, error = expected.get("computation", "exact"), expected.get("monte_carlo_error")
    for key in expected:
        if key not in got:
            continue
        if key == "value":
            finest = _third_digit(expected[key], got[key])
            yield from _number(where, f"{name}.value", expected[key], got[key], kind, error, finest)
        elif key == "text":
            yield from compare_text(where, f"{name}.text", expected[key], got[key], {kind})
        elif key == "monte_carlo_error":
            yield from _order_of_magnitude(where, f"{name}.{key}", expected[key], got[key])
        else:
            yield from _equal(where, key, expected, got, f"{name}.{key}")


def _sequence(
    where: str,
    name: str,
    places: Sequence[str],
    expected: Sequence[Any],
    got: Sequence[Any],
    kind: str,
    errors: Sequence[float | None] = (),
) -> Iterator[Drift]:
    if len(expected) != len(got) or len(places) != len(expected):
        yield _drift(where, name, f"{len(expected)} values", f"{len(got)} values", "equal")
        return
    for index, (place, old, new) in enumerate(zip(places, expected, got, strict=True)):
        error = errors[index] if index < len(errors) else None
        yield from _number(where, f"{name}.{place}", old, new, kind, error)


def _number(
    where: str,
    name: str,
    expected: Any,
    got: Any,
    kind: str,
    monte_carlo_error: float | None,
    finest: float = math.inf,
) -> Iterator[Drift]:
    if not (_is_number(expected) and _is_number(got)) or kind == "exact":
        if expected != got or isinstance(expected, bool) != isinstance(got, bool):
            yield _drift(where, name, expected, got, "equal")
        return
    if kind == "sampled" and monte_carlo_error is not None:
        allowed, words = (
            MONTE_CARLO_ERRORS * monte_carlo_error,
            f"± {MONTE_CARLO_ERRORS:g} Monte Carlo errors",
        )
    else:
        # sampled without a Monte Carlo error: same seed, same code, so the same number
        allowed, words = RELATIVE * max(abs(expected), abs(got)), f"relative {RELATIVE:g}"
    # a private study keeps the digits it prints: what differs by nothing else can round the other way
    unit = min(_kept_unit(expected, got), finest)
    if not abs(expected - got) <= max(allowed, 1.01 * unit):
        yield _drift(where, name, expected, got, f"{words}, or one unit in the last digit kept")


def _kept_unit(expected: object, got: object) -> float:
    """One unit in the last digit that either number still has; 0 of counts, which are not cut but rounded."""
    if not (isinstance(expected, float) and isinstance(got, float)):
        return 0.0
    places = []
    for value in (expected, got):
        place = Decimal(repr(value)).normalize().as_tuple().exponent
        # zeros before the point may be digits too: three of them are kept at least
        most = math.floor(math.log10(abs(value))) - _SIGNIFICANT + 1 if value else 0
        places.append(min(int(place), max(0, most)))
    return float(10.0 ** min(places))


def _third_digit(*values: object) -> float:
    """One unit in the third significant digit, to which a private study cuts the values of checks."""
    sizes = [abs(v) for v in values if isinstance(v, float) and v and math.isfinite(v)]
    return float(10.0 ** (math.floor(math.log10(max(sizes))) - _SIGNIFICANT + 1)) if sizes else 0.0


def _printed_unit(printed: object) -> float:
    """One unit in the last place of a printed estimate, on the scale of its value."""
    found = _NUMBER.match(printed) if isinstance(printed, str) else None
    if found is None:
        return math.inf
    assert isinstance(printed, str)
    decimals = len(found[0].partition(".")[2])
    return float(10.0**-decimals) / (100 if "%" in printed else 1)


def _order_of_magnitude(where: str, name: str, expected: Any, got: Any) -> Iterator[Drift]:
    if _is_number(expected) and _is_number(got) and 0 < expected <= 2 * got and got <= 2 * expected:
        return
    if expected != got:
        yield _drift(where, name, expected, got, "within a factor of 2")


def compare_text(where: str, name: str, expected: Any, got: Any, kinds: set[str]) -> Iterator[Drift]:
    """Words must be equal; a printed number may round the other way where its computation is not exact.

    Args:
        where, name: As in `Drift`.
        expected: Of the pack.
        got: Of the re-execution.
        kinds: The computations its numbers may come from.
    """
    if expected == got:
        return
    if not isinstance(expected, str) or not isinstance(got, str) or not kinds & {"iterative", "sampled"}:
        yield _drift(where, name, expected, got, "equal")
    elif _NUMBER.sub("#", expected) != _NUMBER.sub("#", got):
        yield _drift(where, name, expected, got, "the same words")
    elif "sampled" not in kinds:
        pairs = zip(_NUMBER.findall(expected), _NUMBER.findall(got), strict=True)
        if not all(_last_place(a, b) for a, b in pairs):
            yield _drift(where, name, expected, got, "one unit in the last printed place")


def _last_place(one: str, other: str) -> bool:
    texts = [re.sub(r"[\s\u202f\u00a0]", "", t).replace("−", "-") for t in (one, other)]
    decimals = [len(t.partition(".")[2]) for t in texts]
    return abs(float(texts[0]) - float(texts[1])) <= 1.01 * 10.0 ** -min(decimals)


def _keys(where: str, prefix: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Drift]:
    for key in expected:
        if key not in got:
            yield _drift(where, f"{prefix}{key}", "present", "missing", "the same keys")
    for key in got:
        if key not in expected:
            yield _drift(where, f"{prefix}{key}", "absent", "extra", "the same keys")


def _names(where: str, part: str, expected: Sequence[str], got: Sequence[str]) -> Iterator[Drift]:
    for name in expected:
        if name not in got:
            yield _drift(where, f"{part}.{name}", "present", "missing", "the same names")
    for name in got:
        if name not in expected:
            yield _drift(where, f"{part}.{name}", "absent", "extra", "the same names")
    if sorted(expected) == sorted(got) and list(expected) != list(got):
        yield _drift(where, part, ", ".join(expected), ", ".join(got), "the same order")


def _equal(
    where: str, key: str, expected: Mapping[str, Any], got: Mapping[str, Any], name: str = ""
) -> Iterator[Drift]:
    if key in expected and key in got and expected[key] != got[key]:
        yield _drift(where, name or key, expected[key], got[key], "equal")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _drift(where: str, name: str, expected: Any, got: Any, tolerance: str) -> Drift:
    return Drift(where=where, name=name, expected=str(expected), got=str(got), tolerance=tolerance)
