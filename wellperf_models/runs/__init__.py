"""Runs: notebooks executed in parallel processes, published as one pack, verified by re-execution."""

import lazy_loader

# lazy: a worker process enters here too and needs none of the others
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "execute": ["NotebookFailed", "RunResult", "run_study"],
        "notebooks": ["Notebook", "NotebookMeta", "ParameterSpec", "find_notebooks", "select_notebooks"],
        "rules": ["check_notebook"],
        "verify": ["Drift", "VerifyReport", "verify_pack"],
    },
)
