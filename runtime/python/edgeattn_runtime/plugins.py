"""Execution providers that come as plug-ins: libraries that onnxruntime loads when one asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import onnxruntime

# By execution provider, the module of the package that brings it.
MODULES: Mapping[str, str] = {"QNNExecutionProvider": "onnxruntime_qnn"}


def available_providers() -> list[str]:
    """Return the execution providers that this onnxruntime has, those of installed plug-ins included."""
    for provider in MODULES:
        register(provider)
    return list(onnxruntime.get_available_providers())


def register(provider: str) -> bool:
    """Load the plug-in that brings a provider, once; say whether sessions take it as one."""
    if provider not in MODULES:
        return False
    if provider in onnxruntime.get_available_providers():
        return bool(devices_of(provider))
    try:
        plugin = import_module(MODULES[provider])
    except ImportError:
        return False
    onnxruntime.register_execution_provider_library(provider, plugin.get_library_path())
    return True


def devices_of(provider: str) -> list[onnxruntime.OrtEpDevice]:
    """Return the devices on which a plug-in runs; none where the provider is built into onnxruntime."""
    return [device for device in onnxruntime.get_ep_devices() if device.ep_name == provider]
