"""The declared outcome models: hazard, count, Tweedie, hurdle and Student t, on exact cells."""
