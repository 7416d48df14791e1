// edgeattn.h: arrays by name.
#include <iterator>
#include <new>

#include "guarded.hpp"

using namespace edgeattn;

edgeattn_tensors* edgeattn_tensors_new(void) { return new (std::nothrow) edgeattn_tensors; }
void edgeattn_tensors_free(edgeattn_tensors* tensors) { delete tensors; }
size_t edgeattn_tensors_count(const edgeattn_tensors* tensors) { return tensors ? tensors->value.size() : 0; }

edgeattn_status edgeattn_tensors_put(edgeattn_tensors* tensors, const edgeattn_tensor* tensor,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    const auto& given = required(tensor, "tensor");
    required(tensors, "tensors").value[text_of(given.name, "name")] = {
        text_of(given.dtype, "dtype"), values_of(given.dims, given.rank, "dims"),
        values_of(static_cast<const std::byte*>(given.data), given.bytes, "data")};
  });
}

edgeattn_status edgeattn_tensors_get(const edgeattn_tensors* tensors, size_t index, edgeattn_tensor* view,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    const auto& values = required(tensors, "tensors").value;
    if (index >= values.size())
      throw InputError(words("tensors: index ", index, " found, below ", values.size(), " expected"));
    const auto& [name, tensor] = *std::next(values.begin(), static_cast<std::ptrdiff_t>(index));
    required(view, "view") = {name.c_str(),       tensor.dtype.c_str(), tensor.dims.data(),
                              tensor.dims.size(), tensor.data.data(),   tensor.data.size()};
  });
}
