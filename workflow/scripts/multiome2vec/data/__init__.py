"""Cells as models get them: arrays inside, readers for files outside."""
