"""Memory and time that the rules ask for, from the size of the data.

``stored`` counts what delivered files hold, ``measures`` puts the sizes of a dataset together,
``table`` turns them into requests by the coefficients of ``workflow/resources.tsv``.
"""
