"""Mutation testing of the gate: `python -m tests.mutation`; the tests must notice nearly every change."""
