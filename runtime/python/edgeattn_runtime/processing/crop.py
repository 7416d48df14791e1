"""What size an image is made before its middle is kept: an entry of the manifest's image."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeattn_runtime.fields import Field

_ROUNDING = re.compile("down|even")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A size, both sides or the shorter one, which then keeps the aspect; and how a half is rounded.

    Attributes:
        shorter: The shorter side; None where both are fixed.
        height: Of all images; None where their aspect is kept.
        width: Likewise.
        rounding: Of the first row and column that are kept: ``down``, or to the next ``even`` number.
    """

    shorter: int | None = None
    height: int | None = None
    width: int | None = None
    rounding: str

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        if self.shorter is not None:
            return {"shorter": self.shorter, "rounding": self.rounding}
        return {"height": self.height, "width": self.width, "rounding": self.rounding}

    @classmethod
    def from_field(cls, field: Field) -> Crop:
        """Read the manifest's ``processing.image.crop``."""
        sides = ("shorter",) if "shorter" in field.table() else ("height", "width")
        fields = field.record(*sides, "rounding")
        rounding = fields["rounding"].text(_ROUNDING, '"down" or "even"')
        return cls(**{side: fields[side].integer(1) for side in sides}, rounding=rounding)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return what size (height, width) an image of this one is made."""
        if self.height is not None and self.width is not None:
            return self.height, self.width
        shorter = self.shorter or 1
        return shorter * height // min(height, width), shorter * width // min(height, width)

    def begin(self, size: int, kept: int) -> int:
        """Return the first of so many places that is kept."""
        half, odd = divmod(size - kept, 2)
        return half + (half % 2 if odd and self.rounding == "even" else 0)
