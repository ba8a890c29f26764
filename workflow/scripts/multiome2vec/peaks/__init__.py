"""Peaks: pseudobulks, peak callers, consensus regions and counts of fragments in regions."""
