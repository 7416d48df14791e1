"""The PyTorch original: its answers, and whether it gives them alike twice."""
