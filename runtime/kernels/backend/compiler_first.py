"""scikit-build-core, after a look for the C++ compiler that CMake takes sixteen lines to miss."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from typing import Any

from scikit_build_core import build
from scikit_build_core.build import *  # noqa: F403 - the other hooks, as they are


def get_requires_for_build_wheel(settings: Mapping[str, Any] | None = None) -> list[str]:
    """Return what pip fetches to build the wheel, or exit in one line where no compiler would be found."""
    if sys.platform != "win32":  # where CMake finds Visual Studio, which is on no PATH
        command = os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++"
        program = shlex.split(command)[0]
        if shutil.which(program) is None:
            sys.exit(
                f"C++ compiler {program} not found; install one (Debian's g++, Xcode's command line tools), "
                "or name another: CXX=PROGRAM"
            )
    return build.get_requires_for_build_wheel(settings)
