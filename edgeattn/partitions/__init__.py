"""Evaluation over many samples in partitions, on workers, with the same figures as in one process."""
