"""How right an answer is, a metric a file; higher is better.

To add one: a file here without an edgeattn dependency, for the task that imports it. It compares an answer
with a target, or what a task makes of both. A library that it needs stands in the extra ``checkpoints``.
"""
