"""Errors that a user reads: what is wrong, where, and what to do about it."""


class UserError(Exception):
    """A problem in the data or the configuration that the user can fix.

    Shown without a traceback; the message names the file, row or barcode and the remedy.

    Parameters
    ----------
    problem
        What is wrong, and where.
    remedy
        What to do about it, if `problem` does not say so itself.

    Attributes
    ----------
    problem, remedy
        The two parts, which a table of problems shows side by side.
    """

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class ContractError(UserError):
    """A file between two steps does not hold what its contract says."""
