"""`python -m trackerwatch` and the `trackerwatch` script."""

import sys

from trackerwatch.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
