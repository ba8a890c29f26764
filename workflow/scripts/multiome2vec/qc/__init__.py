"""Quality of barcodes: metrics, limits, reasons, and the verdict over both modalities."""
