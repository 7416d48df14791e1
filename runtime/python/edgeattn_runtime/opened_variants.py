"""One graph in each variant that this device can run, opened: a call goes to the first that it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeattn_runtime.buckets import Bucket, Buckets
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.graph_session import GraphSession
from edgeattn_runtime.manifest import Variant
from edgeattn_runtime.picking import fixed_sizes, reached
from edgeattn_runtime.session import open_session
from edgeattn_runtime.settings import PLAIN, SessionSettings


class OpenedVariants:
    """The variants that answer calls of one graph.

    Args:
        files: The bundle.
        name: Of the graph.
        runnable: The variants that this device can run, in order of preference.
        threads: Intra-op threads; None leaves them to the variant.

    Attributes:
        variants: Those that calls can reach, the preferred one first.
        sessions: Of each, the graph as it is opened.
        settings: How the preferred one was opened.
        buckets: Which of them answers what.

    Raises:
        BundleError: The graph is not what the manifest says.
    """

    def __init__(
        self, files: BundleFiles, name: str, runnable: Sequence[Variant], threads: int | None
    ) -> None:
        self._files = files
        self._name = name
        self._graph = files.manifest.graphs[name]
        self._threads = threads
        self.variants = tuple(reached(runnable, self._graph))
        self.settings = self._settings(self.variants[0])
        self.sessions = tuple(map(self._open, self.variants))
        rows = files.manifest.rows if name == files.manifest.main_graph else None
        self.buckets = Buckets(self._graph, tuple(map(self._bucket, self.variants, self.sessions)), rows)

    def _open(self, variant: Variant) -> GraphSession:
        path, engine = self._files.path(variant.files[self._name]), variant.engine
        session = open_session(
            path, providers=engine.providers, options=engine.options, settings=self._settings(variant)
        )
        return GraphSession(self._graph, session, str(path))

    def _settings(self, variant: Variant) -> SessionSettings:
        settings = (variant.session or PLAIN).here()
        return settings if self._threads is None else replace(settings, threads=self._threads)

    def _bucket(self, variant: Variant, session: GraphSession) -> Bucket:
        return Bucket(fixed_sizes(variant, self._graph), variant.stacks, session.run)
