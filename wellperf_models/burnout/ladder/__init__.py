"""How good the same model looks where more and more is forgiven: the leakage ladder.

frame (the rungs: rows, splits, what each forgives) · model (the same model on every rung) · overlap (what
predictors share with the outcome) · suspects, one_person (leaks nobody declared) · checks · findings · plots
"""
