"""What a predicted risk is good for: calibration, recalibration, decision curve, intervals, the cut-off."""
