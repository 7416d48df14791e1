#include "contract.hpp"

#include <algorithm>
#include <set>

#include "manifest.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

void check_names(const std::vector<TensorSpec>& expected, const Tensors& inputs) {
  std::vector<std::string> faults;
  for (const auto& [name, array] : inputs)
    if (!find(expected, name)) faults.push_back("unknown " + quoted(name));
  for (const auto& tensor : expected)
    if (!inputs.count(tensor.name)) faults.push_back("missing " + quoted(tensor.name));
  if (!faults.empty())
    throw InputError(words("inputs: ", listed(faults), "; expected ",
                           listed(expected, [](const TensorSpec& tensor) { return tensor.name; })));
}

void check_numbers(const TensorSpec& tensor, const Tensor& array) {
  if (array.dtype != tensor.dtype)
    throw InputError(
        words(written(tensor), ": expected ", tensor.dtype, ", found ", array.dtype, "; convert it"));
  if (byte_count(array.dtype, array.dims) != array.data.size())
    throw InputError(words(written(tensor), ": ", array.data.size(), " bytes found, dims [",
                           listed(array.dims), "] expected of them"));
  const auto beyond = [](std::byte byte) { return byte > std::byte{1}; };
  if (array.dtype == "bool" && std::any_of(array.data.begin(), array.data.end(), beyond))
    throw InputError(words(written(tensor), ": a byte above 1 found, 0 or 1 expected"));
  if (tensor.table_rows)  // ONNX would take an index below 0 from the table's end
    if (const auto index = index_beyond(array, static_cast<std::uint64_t>(*tensor.table_rows)))
      throw InputError(words(quoted(tensor.name), " holds ", *index, ", out of range for a lookup table of ",
                             *tensor.table_rows, " rows; give 0 to ", *tensor.table_rows - 1));
  if (has_nan(array))
    throw InputError(words(written(tensor), ": NaN found, numbers expected; check what made this input"));
}

/// Refuses lengths whose longest is not the size of their axis: the graph takes it to be.
void check_longest(const std::string& name, const Tensor& lengths, const std::string& symbol,
                   std::int64_t size) {
  const auto longest = largest(lengths);
  if (longest && *longest != std::to_string(size))
    throw InputError(words("the longest of ", quoted(name), " is ", *longest, ", the size of ",
                           quoted(symbol), " ", size, "; pad to the longest"));
}

}  // namespace

void check_inputs(const std::vector<TensorSpec>& expected, const Symbols& symbols, const Tensors& inputs) {
  check_names(expected, inputs);
  for (const auto& tensor : expected) check_numbers(tensor, inputs.at(tensor.name));
  const auto sizes = sizes_of(expected, inputs);
  for (const auto& [name, size] : sizes)
    if (!symbols.at(name).allows(size))
      throw InputError(
          words("dim ", quoted(name), ": ", size, " found, ", written(symbols.at(name)), " expected"));
  for (const auto& tensor : expected)
    if (tensor.lengths_of && sizes.count(*tensor.lengths_of))
      check_longest(tensor.name, inputs.at(tensor.name), *tensor.lengths_of, sizes.at(*tensor.lengths_of));
}

void check_token_ids(const Manifest& manifest, const Tensors& inputs) {
  std::set<std::string> names;
  if (manifest.generation) names.insert(manifest.generation->tokens);
  if (manifest.processing && manifest.processing->text) names.insert(manifest.processing->text->ids);
  for (const auto& name : names) {
    const auto ids = inputs.find(name);
    if (ids == inputs.end() || ids->second.dtype.front() == 'u') continue;
    if (const auto id = index_beyond(ids->second, std::uint64_t{1} << 63))
      throw InputError(words(name, ": token id ", *id, " found, at least 0 expected; check the tokenizer"));
  }
}

Sizes sizes_of(const std::vector<TensorSpec>& tensors, const Tensors& arrays) {
  Sizes sizes;
  for (const auto& tensor : tensors) {
    const auto& dims = arrays.at(tensor.name).dims;
    if (dims.size() != tensor.dims.size())
      throw InputError(
          words(written(tensor), ": ", dims.size(), " dims found, ", tensor.dims.size(), " expected"));
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      const auto& dim = tensor.dims[axis];
      const auto expected =
          dim.symbol.empty() ? dim.size : sizes.emplace(dim.symbol, dims[axis]).first->second;
      if (dims[axis] != expected)
        throw InputError(words(written(tensor), ": ", dims[axis], " found on axis ", axis, ", ", expected,
                               " expected", dim.symbol.empty() ? "" : " as in another input"));
    }
  }
  return sizes;
}

}  // namespace edgeattn
