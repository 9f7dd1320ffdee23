"""What knowing more would be worth before deciding: fund, stop, pilot, or measure something else first."""
