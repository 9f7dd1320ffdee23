"""What each set of priors believed before the data, and after them, and which of the two decides."""
