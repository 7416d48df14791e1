"""An onnxruntime built with exactly the operators of the bundle: a small runtime for a phone or a board."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

from onnxruntime.tools.ort_format_model import create_config_from_models

from edgeattn_export.graph.files import ORT
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.search.candidates import NO_KERNELS
from edgeattn_export.targets.cpu import CPU

CONFIGURATION = "required_operators.config"
GUIDE = "BUILD.md"


def reduced_build(written: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the operators that graphs need, with their types, and how onnxruntime is built with just these.

    Args:
        written: Files of graphs in onnxruntime's own format, by name.
    """
    logging.getLogger("ort_format_model.utils").setLevel(logging.WARNING)
    with temporary_folder() as folder:
        paths = [folder / f"{number}.ort" for number, _ in enumerate(written)]
        for path, content in zip(paths, written.values(), strict=True):
            path.write_bytes(content)
        config = folder / CONFIGURATION
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it leaves the files to be closed by chance
            create_config_from_models(paths, config, True)
        lines = config.read_text(encoding="utf-8").splitlines()
    operators = [line for line in lines if line and not line.startswith("#")]
    guide = files(__package__).joinpath("minimal_build.md").read_bytes()
    return {CONFIGURATION: ("\n".join(operators) + "\n").encode(), GUIDE: guide}


MINIMAL = replace(
    CPU,
    name="minimal",
    engine=replace(CPU.engine, format=ORT),
    kernels=NO_KERNELS,
    adds=reduced_build,
    needs="onnxruntime 1.28 or later, built as the bundle's BUILD.md says; a full one runs it too",
    tested="the .ort files by a full onnxruntime, natively; the build itself was not run",
)
