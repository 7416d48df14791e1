"""Recipes: which form each layer gets, as data, their files, and the check against a model."""
