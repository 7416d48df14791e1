"""What samples say of the values inside a graph, and layers made by it, once each."""
