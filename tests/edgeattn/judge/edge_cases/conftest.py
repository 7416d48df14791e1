from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[3]

sys.path.insert(0, str(TESTS / "export" / "graph" / "edge_cases"))  # the contract that tests share
