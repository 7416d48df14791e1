"""What became better or worse by more than the noise, between two bundles or two benchmarks."""
