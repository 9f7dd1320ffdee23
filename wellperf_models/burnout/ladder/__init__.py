"""The same model, scored in ways that forgive less and less; and answers that share their words."""
