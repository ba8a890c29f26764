"""Peak callers: one module each.

A caller is a function ``call(fragments, *, narrow_peak, name, genome_size, settings)``: it reads
the fragments of one pseudobulk (five columns) and writes its peaks in narrowPeak format.
"""

from multiome2vec.registry import Registry

CALLERS = Registry(__name__, kind="peak caller")
