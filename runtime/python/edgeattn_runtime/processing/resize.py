"""What size an image is made before it is laid into an input: an entry of the manifest's image."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_runtime.fields import Field, Record, choice

_fit = choice("contain", "cover")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Record):
    """A size of both sides, or of the shorter one, which then keeps the aspect.

    Attributes:
        shorter: The shorter side; None where ``height`` and ``width`` are given.
        longer: What the longer side may be at most; the shorter one is then less. None does not bound it.
        multiple: Both sides are cut to a multiple of it; None leaves them.
        height: Of all images, or of the box that ``fit`` speaks of.
        width: Likewise.
        fit: ``contain`` keeps the aspect and lies within the box, ``cover`` covers it; None stretches.
    """

    shorter: int | None = None
    longer: int | None = None
    multiple: int | None = None
    height: int | None = None
    width: int | None = None
    fit: str | None = None

    @property
    def keeps_aspect(self) -> bool:
        """Whether images of another aspect become another size."""
        return self.shorter is not None or self.fit is not None

    @property
    def covered(self) -> tuple[int, int]:
        """The height and width that every image has at least."""
        if self.longer is not None or self.fit == "contain":
            return 0, 0
        return self.shorter or self.height or 0, self.shorter or self.width or 0

    @property
    def box(self) -> tuple[int, int]:
        """The sides that the manifest names, the height first."""
        if self.shorter is not None:
            return self.shorter, self.longer or self.shorter
        return self.height or 0, self.width or 0

    @classmethod
    def from_field(cls, field: Field) -> Resize:
        """Read the manifest's ``processing.image.resize``."""
        if "shorter" in field.table():
            bounded = "longer" in field.table()
            fields = field.record("shorter", optional=["longer", "multiple"] if bounded else ["longer"])
            sides = {name: side.integer(1) for name, side in fields.items()}
            return cls(shorter=sides["shorter"], longer=sides.get("longer"), multiple=sides.get("multiple"))
        fields = field.record("height", "width", optional=["fit"])
        fit = _fit(fields["fit"]) if "fit" in fields else None
        return cls(height=fields["height"].integer(1), width=fields["width"].integer(1), fit=fit)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return what size (height, width) an image of this one is made; a side may become 0."""
        if self.shorter is not None:
            sides = self._by_shorter(self.shorter, height, width)
        else:
            sides = self._by_box(self.height or 0, self.width or 0, height, width)
        multiple = self.multiple or 1
        return sides[0] // multiple * multiple, sides[1] // multiple * multiple

    def _by_shorter(self, shorter: int, height: int, width: int) -> tuple[int, int]:
        short, long = min(height, width), max(height, width)
        other = shorter * long // short
        if self.longer is not None and long / short * shorter > self.longer:
            bound = self.longer * short / long
            shorter, other = round(bound), int(bound * long / short)
        if shorter == short:
            return height, width
        return (shorter, other) if height <= width else (other, shorter)

    def _by_box(self, box_height: int, box_width: int, height: int, width: int) -> tuple[int, int]:
        if self.fit is None:
            return box_height, box_width
        ratios = height / box_height, width / box_width
        ratio = max(ratios) if self.fit == "contain" else min(ratios)
        return round(height / ratio), round(width / ratio)


def first_kept(align: str, size: int, kept: int) -> int:
    """Return the first of ``size`` places that an input of ``kept`` takes; below 0, a border is before."""
    if align == "start":
        return 0
    if align == "center":
        return (size - kept) // 2
    return round((size - kept) / 2) if size > kept else -((kept - size) // 2)
