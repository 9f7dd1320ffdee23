"""What an extract holds, how complete it is, and what it can answer.

coverage.py (Tables → counts) · non_response.py (who falls silent) · files.py (Tables → which files were
read) · checks.py (what can be wrong with complete data) · findings.py (→ Evidence) · plots.py (Released →
Picture)

left_out.py (Tables → whom consent leaves out) · weighting.py (what the answers of some say of everybody) ·
checks_left_out.py · findings_left_out.py, likewise
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coverage": ["Coverage", "measure_coverage"],
        "checks": ["check_coverage"],
        "checks_left_out": ["check_left_out"],
        "findings": ["describe"],
        "findings_left_out": ["describe_left_out"],
        "left_out": ["LeftOut", "measure_left_out"],
        "plots": ["plot_left_out", "plot_response"],
    },
)
