"""Bulk expression (GTEx, TCGA): tables of genes × samples as matrices that a model reads."""
