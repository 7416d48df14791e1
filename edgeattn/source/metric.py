"""What a metric of a user's own is."""

from collections.abc import Callable
from typing import Any

Metric = Callable[[Any, Any], float]  # of the module's outputs and a sample's target; higher is better
