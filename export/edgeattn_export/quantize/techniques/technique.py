"""What a technique is: it makes a layer more exact in int8, at the same speed or nearly so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeattn_export.quantize.layers.histogram import Distribution
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics

ChooseRange = Callable[[Distribution, float, int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Technique:
    """A change of a layer, by what is known of its input and one number.

    Attributes:
        name: In recipes.
        change: Takes the layer, the statistics and the recipe's number, and returns the layer changed.
        by_gram: Whether the statistics must hold the Gram matrix.
        by_own_inputs: Whether the statistics must be those of the layer's own inputs: what reaches it through
            the treated layers before it, with the float graph's for reference. All techniques of the layer
            then have them.
        ranges: Whether it chooses the fixed range of the input, for which they must hold the histogram.
        widens: Whether it may add channels to the input.
        at_run_time: Whether it may leave something in the graph; a recipe's own name counts those that do.
    """

    name: str
    change: Callable[[Linear, Statistics, float], Linear]
    by_gram: bool = False
    by_own_inputs: bool = False
    ranges: bool = False
    widens: bool = False
    at_run_time: bool = False

    @classmethod
    def of_range(cls, name: str, choose: ChooseRange) -> Technique:
        """Return one that chooses the fixed range of the input, and changes nothing else.

        Args:
            name: In recipes.
            choose: Takes how the numbers lie that the product sees, the recipe's number, and into how many
                steps the range is divided; returns the range, which holds 0.
        """

        def change(linear: Linear, statistics: Statistics, number: float) -> Linear:
            return replace(linear, reach=choose(linear.distribution(statistics), number, linear.input_steps))

        return cls(name, change, ranges=True)

    def __call__(self, linear: Linear, statistics: Statistics, number: float) -> Linear:
        """Return the layer changed."""
        return self.change(linear, statistics, number)
