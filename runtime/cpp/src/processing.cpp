// Texts become inputs, and an output labels.
#include <algorithm>
#include <cmath>

#include "model.hpp"
#include "processing/part.hpp"
#include "shape.hpp"

namespace edgeattn {
namespace {

using Whole = std::vector<std::int64_t>;  // numbers, or dims

template <class Number>
Tensor filled(const Whole& dims, const Whole& numbers) {
  return Tensor::of(dims, std::vector<Number>(numbers.begin(), numbers.end()));
}

/// Fills an input of any dtype but float16 with whole numbers.
Tensor in_dtype(const std::string& dtype, const Whole& dims, const Whole& numbers) {
  static const std::map<std::string, Tensor (*)(const Whole&, const Whole&)> fillers = {
      {"bool", filled<std::uint8_t>},    {"int8", filled<std::int8_t>},     {"uint8", filled<std::uint8_t>},
      {"int16", filled<std::int16_t>},   {"uint16", filled<std::uint16_t>}, {"int32", filled<std::int32_t>},
      {"uint32", filled<std::uint32_t>}, {"int64", filled<std::int64_t>},   {"uint64", filled<std::uint64_t>},
      {"float32", filled<float>},        {"float64", filled<double>}};
  if (!fillers.count(dtype))
    throw InputError(
        words("text: an input of ", dtype, " found, which is not filled here; give arrays to run"));
  auto tensor = fillers.at(dtype)(dims, numbers);
  tensor.dtype = dtype;  // of bool, whose bytes are 0 and 1
  return tensor;
}

}  // namespace

const TensorSpec& input_of(const Manifest& manifest, const std::string& name) {
  std::vector<std::string> called{manifest.main_graph()};
  if (const auto& names = manifest.generation)
    called = {names->encoder.value_or(names->decoder), names->decoder, called[0]};
  for (const auto& graph : called)
    if (const auto* input = find(manifest.graphs.at(graph).inputs, name)) return *input;
  throw InputError(words(quoted(name), ": no such input"));
}

Tensors Model::prepare(const std::vector<std::string>& texts, const Tokenizer& tokenizer) const {
  const auto& how = part_of(manifest(), &Processing::text, "text");
  std::vector<std::vector<std::int64_t>> rows;
  std::size_t longest = 0;
  const auto file = (impl_->bundle.folder / how.tokenizer).string();
  for (const auto& text : texts)
    longest = std::max(longest, rows.emplace_back(tokenizer(text, file, how.longest)).size());
  std::vector<std::int64_t> ids, mask;
  for (auto& row : rows) {
    if (row.empty()) throw InputError("text: no token found, at least one expected");
    if (row.size() < longest && !how.mask)
      throw InputError("texts: different numbers of tokens found, as many in each expected without a mask");
    mask.insert(mask.end(), row.size(), 1);
    mask.resize(mask.size() + longest - row.size());
    row.resize(longest);
    ids.insert(ids.end(), row.begin(), row.end());
  }
  if (rows.empty()) throw InputError("texts: none found, at least one expected");
  const std::vector<std::int64_t> dims{static_cast<std::int64_t>(rows.size()),
                                       static_cast<std::int64_t>(longest)};
  const auto fill = [&](const std::string& name, const Whole& numbers) {
    return std::pair{name, in_dtype(input_of(manifest(), name).dtype, dims, numbers)};
  };
  Tensors inputs{fill(how.ids, ids)};
  if (how.mask) inputs.insert(fill(*how.mask, mask));
  if (how.types) inputs.insert(fill(*how.types, std::vector<std::int64_t>(ids.size())));
  return inputs;
}

std::vector<std::vector<Label>> Model::labels(const Tensors& outputs) const {
  const auto& how = part_of(manifest(), &Processing::labels, "labels");
  const auto found = outputs.find(how.output);
  const auto fits = [&](const Tensor& tensor) {
    return !tensor.dims.empty() && tensor.dims.back() == static_cast<std::int64_t>(how.names.size()) &&
           byte_count("float32", tensor.dims) == tensor.data.size();
  };
  if (found == outputs.end() || !fits(found->second))
    throw InputError(words(how.output, ": an output of ", how.names.size(), " numbers a vector expected"));
  const auto* numbers = found->second.as<float>();
  std::vector<std::vector<Label>> vectors;
  for (const auto* end = numbers + found->second.data.size() / sizeof(float); numbers != end;) {
    auto& vector = vectors.emplace_back();
    for (const auto& name : how.names) vector.emplace_back(name, *numbers++);
    if (std::any_of(vector.begin(), vector.end(),
                    [](const Label& label) { return std::isnan(label.second); }))
      throw InputError(words(how.output, ": NaN found, numbers expected"));
    std::stable_sort(vector.begin(), vector.end(),
                     [](const Label& a, const Label& b) { return a.second > b.second; });
  }
  return vectors;
}

}  // namespace edgeattn
