"""Motif matches in regions, and the activity of motifs in cells."""
