"""What regulates a label or a topic: differential regions and genes, region sets, enrichment."""
