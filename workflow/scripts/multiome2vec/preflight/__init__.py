"""Checks of inputs and machine that take seconds and tell all problems at once."""
