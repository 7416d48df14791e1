"""Whether a model, and the tools, are still those that a bundle was made of and with, by its provenance."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn.source.source import Source
from edgeattn_export.pack.pack import versions
from edgeattn_runtime.manifest import Manifest

_SHOWN = 12  # digits of a hash, which tell two apart
_NAMING = ("torch", "onnxscript")  # the tools that name the values of an exported graph


def differing(manifest: Manifest, source: Source) -> tuple[str, ...]:
    """Say what of a model has changed since the bundle was made, a line each; what is unknown is not said."""
    found = {"weights": source.weights_sha256, "source": source.sha256}
    words = {
        "weights": f"The weights of {source.name} are not those that the bundle was made of",
        "source": f"The file of {source.name} is not the one that the bundle was made of",
    }
    return tuple(
        f"{words[name]} (sha256 {now[:_SHOWN]}, {str(before)[:_SHOWN]} expected): compared all the same."
        for name, now in found.items()
        if now is not None and (before := manifest.provenance.get(name)) not in (None, now)
    )


def other_names(manifest: Manifest) -> tuple[str, ...]:
    """Say which tools that name a graph's values are not those that the bundle was made with, a line each."""
    made, here = manifest.provenance.get("versions"), versions()
    if not isinstance(made, Mapping):
        return ()
    return tuple(
        f"Made with {tool} {made[tool]}, traced with {here[tool]}: where the two name values otherwise, one "
        "module is compared with another; export again to be sure."
        for tool in _NAMING
        if tool in made and made[tool] != here[tool]
    )
