"""A sample and what both made of it, drawn for a person: a kind of data a file."""

from edgeattn.report.pictures.answered_sample import AnsweredSample
from edgeattn.report.pictures.picture import picture_of

__all__ = ["AnsweredSample", "picture_of"]
