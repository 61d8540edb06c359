"""`python -m labctl` is the command `labctl`."""

import sys

from labctl.cli.main import main

sys.exit(main())
