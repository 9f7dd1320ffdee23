"""What an extract holds, how complete it is, and what it can answer.

coverage.py (Tables → counts) · files.py (Tables → which files were read) · checks.py (what can be wrong with
complete data) · findings.py (→ Evidence) · plots.py (Released → Picture)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coverage": ["Coverage", "measure_coverage"],
        "checks": ["check_coverage"],
        "findings": ["describe"],
        "plots": ["plot_response"],
    },
)
