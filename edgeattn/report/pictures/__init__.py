"""A sample and what both made of it, drawn for a person: a kind of data a file."""

from edgeattn.report.pictures.picture import picture_of
from edgeattn.report.pictures.shown import Shown

__all__ = ["Shown", "picture_of"]
