"""An encoder's stream: its graph continues along the hops of an input that arrives piece by piece."""
