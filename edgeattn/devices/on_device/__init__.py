"""The device's side: a worker with the runtime alone, that performs a fixed set of verbs."""
