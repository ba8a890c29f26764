"""Doublets of one sample: callers by name, and how scores become calls."""
