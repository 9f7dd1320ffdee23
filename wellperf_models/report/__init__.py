"""The report: released answers and an executed notebook become a page anyone can read."""
