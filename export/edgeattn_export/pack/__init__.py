"""Graphs, contract and golden vectors -> the files of a bundle, written whole."""

from edgeattn_export.pack.for_app import for_app
from edgeattn_export.pack.pack import Label, Packed, TargetBuild, pack
from edgeattn_export.pack.repack import repack
from edgeattn_export.pack.save import save
from edgeattn_runtime.bundle.replacement import check_folder

__all__ = ["Label", "Packed", "TargetBuild", "check_folder", "for_app", "pack", "repack", "save"]
