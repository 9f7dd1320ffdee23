"""A million people × 36 months to Parquet: wall time, and memory of the largest process.

    python -m tests.benchmarks.million [PEOPLE]

Aim (CONTRIBUTING.md): at most 2 minutes on two cores and 4 GB.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from wellperf_models.synth import write_million


def main(people: int = 1_000_000) -> dict[str, float]:
    """Writes into a temporary folder and returns what it took.

    Returns:
        wall_seconds; cpu_seconds of all processes; peak_gb, the sum over processes had all peaked at once.
    """
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        write_million(Path(folder), people=people)
        wall = time.perf_counter() - began
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    # Linux counts in kB, macOS in bytes; children's peak is that of the largest, and there are two
    unit = 1e9 if sys.platform == "darwin" else 1e6
    return {
        "people": people,
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 1),
        "peak_gb": round((own.ru_maxrss + 2 * children.ru_maxrss) / unit, 2),
        "written_gb": round(size / 1e9, 2),
    }


if __name__ == "__main__":
    for name, value in main(*(int(a) for a in sys.argv[1:])).items():
        print(f"{name}: {value:,}")
