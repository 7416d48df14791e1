"""Static forms in QDQ: standard operators alone, from which each back end takes its own int8 kernels."""
