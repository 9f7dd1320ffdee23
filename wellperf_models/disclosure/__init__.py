"""The gate: `release` is the only way to anything displayable.

The gate: rules.py (every threshold) · tables.py, levels.py, curves.py (what happens to each) · wording.py
(printed digits) · release.py (Evidence → Released) · released.py · audience.py (what a role sees).
The memory: remember.py (what a release claims) · claims.py · history.py (fresh, held or kept back) ·
statistic.py, atoms.py, derivable.py (its rules) · ledger.py, entries.py, cohorts.py, pending.py (on disk) ·
ledger_report.py.
After it: shown.py (what the gate displayed in a run) · read.py (a bundle back) · summary.py.
"""

from wellperf_models.disclosure.claims import CLAIMS_VARIABLE
from wellperf_models.disclosure.curves import last_of_unit
from wellperf_models.disclosure.ledger import Entry, ledger_path, publish_claims, read_ledger
from wellperf_models.disclosure.read import HASHES_FILE, Chapter, read, read_bundles
from wellperf_models.disclosure.release import release
from wellperf_models.disclosure.released import MIME_TYPE, NOT_SHOWN, Released, Suppressed
from wellperf_models.disclosure.rules import Rules
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE, Summary, in_order, summarise

__all__ = [
    "CLAIMS_VARIABLE",
    "HASHES_FILE",
    "MIME_TYPE",
    "NOT_SHOWN",
    "SUMMARY_MIME_TYPE",
    "Chapter",
    "Entry",
    "Released",
    "Rules",
    "Summary",
    "Suppressed",
    "in_order",
    "last_of_unit",
    "ledger_path",
    "publish_claims",
    "read",
    "read_bundles",
    "read_ledger",
    "release",
    "summarise",
]
