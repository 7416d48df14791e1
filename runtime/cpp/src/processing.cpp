// An output becomes labels.
#include <algorithm>
#include <cmath>

#include "model.hpp"
#include "processing/part.hpp"
#include "shape.hpp"

namespace edgeattn {
const TensorSpec& input_of(const Manifest& manifest, const std::string& name) {
  std::vector<std::string> called{manifest.main_graph()};
  if (const auto& names = manifest.generation)
    called = {names->encoder.value_or(names->decoder), names->decoder, called[0]};
  for (const auto& graph : called)
    if (const auto* input = find(manifest.graphs.at(graph).inputs, name)) return *input;
  throw InputError(words(quoted(name), ": no such input"));
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
