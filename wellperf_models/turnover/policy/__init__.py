"""What if one condition of work were different? A parametric g-formula, and weighting as a second opinion."""
