"""This machine as a device that hosts measure on: they start it, and speak to it by its standard streams.

``__main__`` is what a host starts. It hands requests to a worker, one at a time whoever asks, and starts that
again where it ends; the worker performs a few verbs on plain data, each value of which is checked.
"""
