"""All that leads to a verdict: the budget, accuracy, the metric, padding, golden vectors."""
