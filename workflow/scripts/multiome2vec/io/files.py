"""First look at a delivered file: is it there, readable, and what its path promises."""

from pathlib import Path

from multiome2vec.errors import UserError

SHEET = "the sample sheet"
GZIP = b"\x1f\x8b"


def require_file(path: str | Path, *, named_in: str = SHEET) -> Path:
    """Return the path of a readable file that is not empty and not a web page.

    Parameters
    ----------
    path
        Path as the user wrote it.
    named_in
        Where it is written, for the remedy.

    Raises
    ------
    UserError
        If it is missing, a folder, empty, not permitted to be read, or a page or pointer that was
        saved in place of the data.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise UserError(
                f"{path} is a folder.", remedy=f"Name the file inside it in {named_in}."
            )
        if not path.is_file():
            raise UserError(f"{path} does not exist.", remedy=f"Correct the path in {named_in}.")
        with open(path, "rb") as file:
            head = file.read(512).lstrip().lower()
    except PermissionError:
        raise UserError(
            f"{path} may not be read (permission denied).",
            remedy=f"Ask its owner for access, or: chmod a+r {path}",
        ) from None
    again = "Download it again and compare its size with the source's."
    if not path.stat().st_size:
        raise UserError(f"{path} is empty (0 bytes).", remedy=again)
    if head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise UserError(
            f"{path} is a web page that was saved in place of the file.",
            remedy="Download the file itself: the address may have moved or may need a login.",
        )
    if head.startswith(b"version https://git-lfs"):
        raise UserError(f"{path} is a pointer of Git LFS.", remedy="Fetch the file: git lfs pull")
    return path


def is_gzip(path: str | Path) -> bool:
    """Whether a file begins as gzip does."""
    with open(path, "rb") as file:
        return file.read(2) == GZIP
