"""Graphs, contract and golden vectors -> the files of a bundle, written whole."""

from edgeattn_export.pack.pack import Packed, pack
from edgeattn_export.pack.save import check_folder, save

__all__ = ["Packed", "check_folder", "pack", "save"]
