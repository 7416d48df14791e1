"""A decoder's key-value cache: its graph continues along the tokens."""
