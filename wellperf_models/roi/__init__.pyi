from .rows import (
    CostLine as CostLine,
    Effect as Effect,
    OutcomeRows as OutcomeRows,
    Posterior as Posterior,
    RoiFrame as RoiFrame,
)
