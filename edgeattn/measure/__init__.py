"""Latency, memory, sessions and rows, and the machine that they were measured on."""
