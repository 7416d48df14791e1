"""A checkpoint as people keep it, with no code: a folder or a file of weights, and its data.

A checkpoint becomes an object with the attributes of a model's file. ``tasks``, ``samples`` and what they
import here have no other edgeattn dependency: ``write_model`` puts them into one such file.
"""
