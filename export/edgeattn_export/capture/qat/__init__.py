"""Modules, programs and files that quantization-aware training prepared, as the float model that they are."""
