// edgeattn.h: arrays by name.
#include <iterator>
#include <new>

#include "guarded.hpp"

using namespace edgeattn;

namespace {

edgeattn_tensor view_of(const Tensors::value_type& entry) {
  const auto& [name, tensor] = entry;
  return {name.c_str(),       tensor.dtype.c_str(), tensor.dims.data(),
          tensor.dims.size(), tensor.data.data(),   tensor.data.size()};
}

}  // namespace

Tensor edgeattn::tensor_of(const edgeattn_tensor& given) {
  auto dims = values_of(given.dims, given.rank, "dims");
  for (const auto dim : dims)
    if (dim < 0) throw InputError(words("dims: ", dim, " found, at least 0 expected"));
  return {text_of(given.dtype, "dtype"), std::move(dims),
          values_of(static_cast<const std::byte*>(given.data), given.bytes, "data")};
}

edgeattn_tensors* edgeattn_tensors_new(void) { return new (std::nothrow) edgeattn_tensors; }
void edgeattn_tensors_free(edgeattn_tensors* tensors) { delete tensors; }
size_t edgeattn_tensors_count(const edgeattn_tensors* tensors) { return tensors ? tensors->value.size() : 0; }

edgeattn_status edgeattn_tensors_put(edgeattn_tensors* tensors, const edgeattn_tensor* tensor,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    const auto& given = required(tensor, "tensor");
    required(tensors, "tensors").value[text_of(given.name, "name")] = tensor_of(given);
  });
}

edgeattn_status edgeattn_tensors_get(const edgeattn_tensors* tensors, size_t index, edgeattn_tensor* view,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    const auto& values = required(tensors, "tensors").value;
    if (index >= values.size())
      throw InputError(words("tensors: index ", index, " found, below ", values.size(), " expected"));
    required(view, "view") = view_of(*std::next(values.begin(), static_cast<std::ptrdiff_t>(index)));
  });
}

edgeattn_status edgeattn_tensors_find(const edgeattn_tensors* tensors, const char* name, edgeattn_tensor* view,
                                      edgeattn_error** error) {
  return guarded(error, [&] {
    const auto& values = required(tensors, "tensors").value;
    const auto found = values.find(text_of(name, "name"));
    if (found == values.end())
      throw InputError(words("tensors: no ", quoted(name), " found; they are ", keys(values)));
    required(view, "view") = view_of(*found);
  });
}
