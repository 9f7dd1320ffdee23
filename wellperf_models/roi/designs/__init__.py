"""Designs beside lots by arm: roll-out at different times, and a comparison group that was not drawn by lot.

periods.py, starts.py, made_rows.py, follow_up.py, roll_out.py (rows) · staggered.py, controlled.py,
regression_to_mean.py (fits) · checks.py · less_bias.py, words.py, tables.py (findings) · plots.py
"""
