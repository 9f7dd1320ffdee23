from . import (
    burnout as burnout,
    data_quality as data_quality,
    datasets as datasets,
    method_check as method_check,
    roi as roi,
    synth as synth,
    turnover as turnover,
)
from .cells import build_cells as build_cells
from .disclosure import (
    Released as Released,
    Summary as Summary,
    in_order as in_order,
    read_bundles as read_bundles,
    release as release,
    summarise as summarise,
)
from .evidence import (
    Check as Check,
    Curve as Curve,
    Estimate as Estimate,
    Evidence as Evidence,
    Provenance as Provenance,
    Support as Support,
    Table as Table,
    Unanswered as Unanswered,
    attempt as attempt,
)
from .figures import show as show
from .panel import build_panel as build_panel
from .runs import run_study as run_study, verify_pack as verify_pack
from .study import Study as Study, load_study as load_study
from .tables import Tables as Tables, check_study as check_study, load_tables as load_tables
from .tables.provenance import build_provenance as build_provenance

__version__: str
