"""Where an engine's sessions run: in this process, or in a worker process of another environment."""

from edgeattn_export.graph.hosts.elsewhere import Elsewhere
from edgeattn_export.graph.hosts.here import HERE
from edgeattn_export.graph.hosts.host import Host, Opening

__all__ = ["HERE", "Elsewhere", "Host", "Opening"]
