"""What PyTorch allows and its exporter does not: calls made otherwise, and operators translated otherwise."""

from edgeattn_export.capture.adapt.adapted import Adapted
from edgeattn_export.capture.adapt.hidden_operators import name_hidden_operators
from edgeattn_export.capture.adapt.translated import TRANSLATED

__all__ = ["TRANSLATED", "Adapted", "name_hidden_operators"]
