"""What a user hands over: a module, a file, a checkpoint; its samples, metric and words."""
