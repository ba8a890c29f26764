"""Readers, atomic writers and the contracts of the files between steps."""
