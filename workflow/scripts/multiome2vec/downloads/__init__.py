"""Downloads that a bad network cannot hurt.

A file is written beside its target (``.<name>.part``) and renamed when it is whole and what it
should be; an interrupted download resumes there, in the same run or in a later one. :mod:`fetch` is
the way in; :mod:`transfer` moves bytes, from HTTP(S), FTP or a folder; :mod:`content`, :mod:`space`
and :mod:`manifest` are the checks.

pooch, which others of the packages need, was looked at: it checks sums and renames, but starts anew
after every interruption, has one URL per file, and takes a web page for data where no sum is known.
"""
