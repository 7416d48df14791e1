"""Strategies to export a module with its axes free."""
