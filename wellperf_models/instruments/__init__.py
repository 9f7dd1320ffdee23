"""Scoring keys of published instruments, as data (no item text), and scoring; nothing is fitted here."""
