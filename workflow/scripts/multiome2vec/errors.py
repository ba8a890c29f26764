"""Errors that a user reads: what is wrong, where, and what to do about it."""


class UserError(Exception):
    """A problem in the data or the configuration that the user can fix.

    Shown without a traceback; the message names the file, row or barcode and the remedy.
    """


class ContractError(UserError):
    """A file between two steps does not hold what its contract says."""
