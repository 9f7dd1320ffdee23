"""Estimators shared by the pillars, one method and its paper a file; import the file that is needed."""
