"""Command line: ``python -m multiome2vec``."""

import sys

from multiome2vec.cli import main

if __name__ == "__main__":
    sys.exit(main())
