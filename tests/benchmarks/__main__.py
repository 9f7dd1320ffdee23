"""Every figure of CONTRIBUTING.md that is measured: `python -m tests.benchmarks`."""

from tests.benchmarks import gate, notebooks, roi, startup

print("-- start-up")
startup.main()
print("-- notebooks against plain scripts")
notebooks.main()
print("-- the gate")
gate.main()
print("-- the absence model of the return pillar: cells, rows (by PyMC, some minutes), refits")
roi.main()
print("-- the million preset: `python -m tests.benchmarks.million`")
