"""A bundle's folder: its manifest, read and checked whole before anything of it is used."""
