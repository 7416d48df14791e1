"""Devices: workers of Dask that measure what a host sends them; ``on_device`` is all that runs there."""
