"""The committed example pack is what today's code and notebooks make of the committed data."""

from pathlib import Path

from wellperf_models.runs import verify_pack

ROOT = Path(__file__).resolve().parents[2]


def test_example_pack_reproduces() -> None:
    report = verify_pack(ROOT / "reports" / "example")
    assert report.ok, f"{report}\nrefresh it with `make example`"
    assert report.n_numbers > 1000
