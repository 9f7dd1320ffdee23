"""Who, as a group, will leave within a year: cumulative incidence at a landmark, judged forward in time."""
