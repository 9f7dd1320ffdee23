"""A model fitted on one study, held to another."""
