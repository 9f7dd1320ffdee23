"""The run against the list of CHEERS 2022, for economic evaluations."""
