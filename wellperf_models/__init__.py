"""wellperf: evidence packs that align performance management with employee well-being.

The map, from a study file to a report; each name is importable from here, and nothing heavy loads early:

    load_study          study.toml → Study                      `wellperf_models.study`
    load_tables         Study → checked Tables                  `wellperf_models.tables`
    check_study         Study → every violation, counted        `wellperf_models.tables`
    build_provenance    Tables → where the numbers come from    `wellperf_models.tables.provenance`
    build_panel         Tables → employee × month               `wellperf_models.panel`
    build_cells         panel → exact sufficient cells          `wellperf_models.cells`
    data_quality        Tables → Evidence on the data           `wellperf_models.data_quality`
    burnout             the pillar on strain: frame → model → checks → findings → plots
    turnover            the pillar on staying and leaving, likewise
    roi                 the pillar on the return of a programme, likewise
    method_check        a pillar's own pipeline on simulated data of the study's shape
    release             Evidence → Released, through the gate   `wellperf_models.disclosure`
    read_bundles        a run's released answers                `wellperf_models.disclosure`
    show                Released, and pictures made from it     `wellperf_models.figures`
    run_study, verify_pack                                      `wellperf_models.runs`
    synth               organisations with a known truth
    datasets            public real data, by address and hash
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
