"""How well the outcome is measured: items, reliability by wave and group, cut-offs, profiles."""
