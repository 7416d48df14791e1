"""What calls cost on a machine, and how sure that is."""
