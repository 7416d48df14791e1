"""A sample and both models' answers, drawn: one kind of data a file."""

from edgeattn.report.pictures.answered_sample import AnsweredSample
from edgeattn.report.pictures.picture import picture_of

__all__ = ["AnsweredSample", "picture_of"]
