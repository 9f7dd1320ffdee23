"""Models of other kinds against the last score alone, in one protocol; the simplest that is as good.

tuning.py (inner folds) · forest.py, boosting.py, network.py (what learns; the ridge is the pillar's own) ·
gain.py (differences, and which to prefer) · model.py → checks.py → findings.py → (gate) → plots.py
"""
