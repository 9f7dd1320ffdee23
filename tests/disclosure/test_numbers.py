"""What the gate does to numbers: printed digits, sums, extremes, areas, themes."""

import dataclasses
import itertools
from pathlib import Path

import pytest

from tests.disclosure.builders import curve, estimate, evidence, study
from wellperf_models.disclosure import release
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Area, Check, Estimate, Measure, Row, Support, Table


def amounts(total: float, largest: float, second: float, *, kind: str = "sum") -> Table:
    support = Support(n_people=40, total=total, largest=largest, second=second)
    return Table(
        name="pay", title="Pay", keys=("site",), measures=(Measure(name="pay", kind=kind),),  # type: ignore[arg-type]
        rows=(Row(key=("north",), values=(total,), support=support),),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["sum", "mean"])
@pytest.mark.parametrize(
    ("total", "largest", "second", "is_shown"),
    [
        (1000.0, 300.0, 100.0, True),
        (1000.0, 600.0, 301.0, False),  # two people are more than nine tenths
        (1000.0, 850.0, 60.0, False),
        (1000.0, 500.0, 460.0, False),  # the rest is less than a tenth of the largest
        (1000.0, 880.0, 20.0, True),
        (-1000.0, -600.0, -301.0, False),
    ],
)
def test_a_sum_that_two_people_dominate_is_kept_back(
    tmp_path: Path, kind: str, total: float, largest: float, second: float, is_shown: bool
) -> None:
    table = amounts(total, largest, second, kind=kind)
    (row,) = release(evidence(tables=(table,)), study(tmp_path)).table("pay").rows
    assert (row.values[0] is not None) is is_shown


def test_a_sum_without_its_largest_amounts_is_refused(tmp_path: Path) -> None:
    table = amounts(1000.0, 1.0, 1.0)
    bare = dataclasses.replace(table.rows[0], support=Support(n_people=40))
    with pytest.raises(DisclosureError, match="two largest"):
        release(evidence(tables=(dataclasses.replace(table, rows=(bare,)),)), study(tmp_path))


@pytest.mark.parametrize("name", ["max_pay", "pay_min", "age_maximum", "lowest", "pay_highest_site"])
def test_extremes_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DisclosureError, match="one person's value"):
        release(evidence(estimates=(estimate(name),)), study(tmp_path))
    table = dataclasses.replace(amounts(1000.0, 30.0, 10.0), measures=(Measure(name=name, kind="mean"),))
    with pytest.raises(DisclosureError, match="one person's value"):
        release(evidence(tables=(table,)), study(tmp_path))


@pytest.mark.parametrize("name", ["minutes", "maximal_tenure_not", "administration", "summary"])
def test_words_that_only_look_like_extremes_are_not(tmp_path: Path, name: str) -> None:
    assert release(evidence(estimates=(estimate(name),)), study(tmp_path)).has(name)


def test_estimates_keep_the_digits_that_are_printed(tmp_path: Path) -> None:
    exact = estimate(value=1.23456789, low=1.2, high=1.27, se=0.0178571)
    shown = release(evidence(estimates=(exact,)), study(tmp_path)).estimate("effect")
    assert (shown.value, shown.low, shown.high) == (1.235, 1.2, 1.27)
    share = estimate(value=0.123456, low=0.1, high=0.15, unit="share")
    assert release(evidence(estimates=(share,)), study(tmp_path)).estimate("effect").value == 0.123
    drawn = estimate(computation="sampled", monte_carlo_error=0.0012345)
    again = release(evidence(estimates=(drawn,)), study(tmp_path)).estimate("effect")
    assert again.monte_carlo_error == 0.0012
    assert shown.support == Support(n_people=205)


def test_tables_curves_and_checks_keep_few_digits_too(tmp_path: Path) -> None:
    table = Table(
        name="effects", title="t", keys=("outcome",),
        measures=(
            Measure(name="value", kind="model"), Measure(name="low", kind="model"),
            Measure(name="high", kind="model"), Measure(name="other", kind="mean"),
        ),
        rows=(
            Row(key=("x",), values=(0.123456, 0.1, 0.15, 98765.4), support=Support(n_people=100)),
        ),
    )  # fmt: skip
    check = Check(name="c", passed=True, text="{value}", value=0.123456)
    line = dataclasses.replace(curve([0] + [1] * 60, people=170), name="curve")
    released = release(evidence(tables=(table,), checks=(check,), curves=(line,)), study(tmp_path))
    assert released.table("effects").rows[0].values == (0.123, 0.1, 0.15, 98800.0)
    assert released.checks[0].value == 0.123
    assert all(round(v, 3) == v for v in released.curves[0].y)


def test_public_microdata_keep_every_digit(tmp_path: Path) -> None:
    public = study(tmp_path, general='public_microdata = true\nlicence = "CC0"\nsource = "somewhere"')
    exact = estimate(value=1.23456789)
    assert release(evidence(estimates=(exact,)), public).estimate("effect").value == 1.23456789


def _area(value: float = 40.0) -> tuple[Estimate, ...]:
    many = Support(n_people=203, n_events=50, n_non_events=153)
    last = estimate("survival_60", value=0.65, unit="probability", support=many)
    mean = estimate(
        "restricted_mean", value=value, unit="months", support=many,
        area=Area(curve="survival", start=0.0, end=60.0, at_end="survival_60"),
    )  # fmt: skip
    return (mean, last)


def test_a_restricted_mean_is_read_off_the_released_curve(tmp_path: Path) -> None:
    line = curve([0] + [1] * 60, people=171)
    exact = sum(line.y[:60])
    parts = evidence(estimates=_area(exact), curves=(line,))
    released = release(parts, study(tmp_path))
    found = released.estimate("restricted_mean")
    shown = [*zip(released.curves[0].x, released.curves[0].y, strict=True)]
    points = [*(p for p in shown if p[0] < 60), (60.0, 0.65)]
    by_hand = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(points))
    assert found.value == pytest.approx(by_hand, abs=0.005)
    # straight lines, not steps: close to the exact one though the curve is known at few points
    assert found.value == pytest.approx(exact, rel=0.01)
    assert found.high is not None
    assert found.high - found.value == pytest.approx(0.1, abs=0.005)


def test_no_curve_no_restricted_mean(tmp_path: Path) -> None:
    released = release(evidence(estimates=_area()), study(tmp_path))
    assert not released.has("restricted_mean")
    assert released.has("survival_60")


def _themes(**groups: int) -> Table:
    rows = tuple(
        Row(key=(name.replace("_", " "),), values=(n,), support=Support(n_people=n))
        for name, n in groups.items()
    )
    return Table(
        name="themes", title="What people wrote about", keys=("theme",), partition=False, open_keys=True,
        measures=(Measure(name="comments", kind="count"),), rows=rows,
    )  # fmt: skip


def test_rare_themes_are_not_even_named(tmp_path: Path) -> None:
    released = release(evidence(tables=(_themes(workload=40, my_boss_mr_x=1),)), study(tmp_path))
    assert [r.key for r in released.table("themes").rows] == [("workload",)]
    assert "boss" not in str(released.to_dict())
    assert released.suppressed[0].what == "table themes: rare ones"


def test_what_somebody_wrote_is_never_a_theme(tmp_path: Path) -> None:
    quote = "I_have_not_slept_well_since_March"
    with pytest.raises(DisclosureError, match="never shown") as caught:
        release(evidence(tables=(_themes(**{quote: 40}),)), study(tmp_path))
    assert "slept" not in str(caught.value)
