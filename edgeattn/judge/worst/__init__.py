"""The worst samples, as a person sees them: what went in, and what both made of it."""
