"""Calls that PyTorch allows, made while a module is exported as its exporter can follow them."""

from edgeattn_export.capture.adapt.adapted import Adapted

__all__ = ["Adapted"]
