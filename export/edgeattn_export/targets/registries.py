"""Which onnxruntime each platform's registry offers: what an app can have decides its target.

The versions are the newest that were seen in December 2026; the Gradle project names Android's.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.targets.target import Target
from edgeattn_runtime.engine.release import release


@dataclass(frozen=True, slots=True)
class Offer:
    """A platform's package of an engine, and the execution providers in it that targets ask for."""

    platform: str
    registry: str
    package: str
    version: str
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    engine: str = "onnxruntime"

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    def runs(self, target: Target) -> bool:
        """Say whether a bundle for a target runs on it."""
        needed = target.engine
        return (
            needed.name == self.engine
            and set(needed.providers) <= set(self.providers)
            and release(needed.version) <= release(self.version)
        )


OFFERS = (
    Offer("Python", "PyPI", "onnxruntime", "1.32.0"),
    Offer("Node", "npm", "onnxruntime-node", "1.30.0"),
    Offer("browsers", "npm", "onnxruntime-web", "1.31.1", ("wasm",), "onnxruntime-web"),
    Offer("Android", "Maven", "onnxruntime-android", "1.30.0"),
    Offer(
        "iOS, macOS",
        "Swift packages",
        "onnxruntime-swift-package-manager",
        "1.24.2",
        ("CoreMLExecutionProvider", "CPUExecutionProvider"),
    ),
    Offer(
        "Debian 13",
        "Debian",
        "libonnxruntime-dev",
        "1.21.0",
        ("XnnpackExecutionProvider", "CPUExecutionProvider"),
    ),
)
