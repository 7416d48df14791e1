"""Static forms in QDQ: standard operators, from which each back end takes its own int8 kernels."""
