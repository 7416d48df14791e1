"""The folder is no package: its modules are found as those of a script beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
