"""Many models by many budgets, for many targets, on many devices: one table, and a page with pictures."""
