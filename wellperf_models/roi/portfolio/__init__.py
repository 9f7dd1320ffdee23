"""Which of several initiatives to pay for from one budget, and how sure the choice is."""
