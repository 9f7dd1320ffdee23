from . import data_quality, synth, turnover
from .cells import build_cells
from .disclosure import Released, Summary, in_order, read_bundles, release, summarise
from .evidence import Check, Curve, Estimate, Evidence, Provenance, Support, Table
from .panel import build_panel
from .runs import run_study, verify_pack
from .study import Study, load_study
from .tables import Tables, check_study, load_tables
from .tables.provenance import build_provenance

__version__: str
