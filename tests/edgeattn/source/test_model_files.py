from __future__ import annotations

import subprocess
import sys

import pytest

REFUSED = """
import sys
from edgeattn.__main__ import main
code = main(sys.argv[1:])
print(code, "torch" in sys.modules)
"""


@pytest.mark.parametrize(
    "arguments",
    [["export", "nosuch.py"], ["export", "nosuch.onnx", "nosuch.npz"], ["validate", "x.edge", "nosuch.py"]],
)
def test_a_file_that_is_not_there_is_refused_before_pytorch_is_imported(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED, *arguments], capture_output=True, text=True)
    assert done.stdout == "2 False\n"
    assert done.stderr.endswith("; check the path\n")
