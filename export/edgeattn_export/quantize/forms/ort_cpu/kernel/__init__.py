"""Forms of linear layers that edgeattn's own kernels compute, and rules that fuse what stands around them."""
