"""Graphs, contract and golden vectors -> the files of a bundle, written whole."""

from edgeattn_export.pack.pack import Label, Made, Packed, pack
from edgeattn_export.pack.repack import repack
from edgeattn_export.pack.save import check_folder, save

__all__ = ["Label", "Made", "Packed", "check_folder", "pack", "repack", "save"]
