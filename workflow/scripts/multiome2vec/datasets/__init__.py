"""From a folder or an accession to a sample sheet and a configuration: commands samples and geo.

:mod:`names` guesses what files are; :mod:`folder`, :mod:`contents` and :mod:`aggregated` look
through outputs of Cell Ranger, :mod:`geo` and :mod:`remote` through NCBI GEO; :mod:`draft` writes
what was found.
"""
