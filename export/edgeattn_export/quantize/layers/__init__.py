"""Linear layers as they stand in a graph, on their way to int8, and what is known of values there."""
