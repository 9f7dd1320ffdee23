"""Attacks: each must fail to recover anything about anybody."""
