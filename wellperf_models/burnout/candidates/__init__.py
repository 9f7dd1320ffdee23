"""Models of other kinds against the last score alone, in one protocol; the simplest that is as good."""
