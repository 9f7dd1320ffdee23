"""What goes with a predicted risk: odds ratios, and contributions of groups of predictors."""
