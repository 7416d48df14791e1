from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn.source.model_files import find
from edgeattn_runtime.errors import ModelError

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


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("nosuch.py", "no such file; expected a Python file or package.module"),
        ("no such", "no such file; expected a Python file or package.module"),
        ("nosuch.module", r"no such module \("),
        ("shelf.net", "no such file and no such module"),  # a folder of a package without files
        ("shelf", "a folder found"),
    ],
)
def test_what_is_no_model_file_is_refused(
    name: str, refusal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shelf" / "net").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=f"^{name}: {refusal}"):
        find(name)
