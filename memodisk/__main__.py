"""``python -m memodisk`` is the command ``memodisk``."""

from __future__ import annotations

import sys

from memodisk.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
