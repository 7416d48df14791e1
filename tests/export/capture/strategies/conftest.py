from __future__ import annotations

import sys
from pathlib import Path

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
