"""An exported program as ir.Model, with the names of its constants and dims."""
