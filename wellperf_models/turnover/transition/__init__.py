"""Transitional employment: a permanent job as the aim, and whether the goal set for it was reached."""
