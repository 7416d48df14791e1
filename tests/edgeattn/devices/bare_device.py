"""edgeattn device where neither the workshop nor the command line is installed, in its worker neither."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec

WORKSHOP = {"torch", "onnx", "onnx_ir", "onnxscript", "typer", "rich", "msgspec", "edgeattn_export"}


class Missing:
    """Finds no module of the workshop."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in WORKSHOP:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Missing())  # type: ignore[arg-type]

if __name__ == "__main__":
    from edgeattn.__main__ import main

    sys.exit(main(["device", *sys.argv[1:]]))
