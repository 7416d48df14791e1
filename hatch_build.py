"""Refuses a Python that is too old before pip looks for dependencies, which that Python cannot have."""

import sys

from hatchling.metadata.plugin.interface import MetadataHookInterface

if sys.version_info < (3, 11):  # noqa: UP036 - pip runs it by the Python at hand
    sys.exit(f"edgeattn needs Python 3.11 or newer; this is Python {sys.version.split()[0]}")


class Unchanged(MetadataHookInterface):
    """Adds nothing to the metadata in pyproject.toml."""

    def update(self, metadata: dict[str, object]) -> None:
        """Keep the metadata as they are."""
