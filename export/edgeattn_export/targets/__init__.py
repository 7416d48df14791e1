"""What a bundle is made for: one target a file."""
