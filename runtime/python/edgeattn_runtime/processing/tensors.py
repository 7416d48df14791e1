"""A tensor that processing names: it has to be there, and of the kind that can be filled or read.

Every check raises BundleError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.graph import Tensor


def find_tensor(key: str, name: str, tensors: Mapping[str, Tensor]) -> Tensor:
    """Return the tensor of that name; raises BundleError."""
    if name not in tensors:
        raise BundleError(f"processing.{key}: {name!r} found, one of {', '.join(tensors)} expected")
    return tensors[name]


def check_size(key: str, size: int, tensor: Tensor, axis: int) -> None:
    """Check that a size that processing makes is the one of the tensor's axis, where that is fixed."""
    dim = tensor.dims[axis]
    if isinstance(dim, int) and dim != size:
        raise BundleError(f"processing.{key}: {size:,} found, {dim:,} expected by {tensor}")


def check_kind(key: str, tensor: Tensor, dtypes: Collection[str], dims: int) -> None:
    """Check the dtype of a tensor and its number of dims; raises BundleError."""
    if tensor.dtype not in dtypes or len(tensor.dims) != dims:
        expected = " or ".join(dtypes)
        raise BundleError(f"processing.{key}: {tensor} found, {expected} of {dims} dims expected")
