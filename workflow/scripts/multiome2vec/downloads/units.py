"""Sizes for people."""

UNITS = ("B", "kB", "MB", "GB", "TB")


def spelt(size: float | None) -> str:
    """Size in decimal units, as providers state them; ``size unknown`` for None."""
    if size is None:
        return "size unknown"
    power = 0
    while size >= 999.5 and power < len(UNITS) - 1:
        size, power = size / 1000, power + 1
    return f"{size:.{0 if power == 0 or size >= 100 else 1}f} {UNITS[power]}"
