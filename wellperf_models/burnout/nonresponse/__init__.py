"""Who did not answer, and what that could hide."""
