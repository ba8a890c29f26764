"""Figures from arrays; never reads a file."""
