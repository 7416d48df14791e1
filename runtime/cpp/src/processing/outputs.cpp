#include "processing/outputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {

const Tensor& output_of(const Tensors& outputs, const std::string& name, std::optional<std::size_t> last) {
  const auto found = outputs.find(name);
  if (found == outputs.end() || found->second.dtype != "float32" || found->second.dims.empty() ||
      (last && found->second.dims.back() != static_cast<std::int64_t>(*last)) ||
      byte_count("float32", found->second.dims) != found->second.data.size())
    throw InputError(words(name, ": a float32 output expected", last ? words(", ", *last, " numbers a vector") : ""));
  if (has_nan(found->second)) throw InputError(words(name, ": NaN found, numbers expected"));
  return found->second;
}

std::vector<double> scored(const std::string& name, std::vector<double> numbers, const std::string& how) {
  if (how == "none") return numbers;
  if (std::any_of(numbers.begin(), numbers.end(), [](double number) { return std::isinf(number); }))
    throw InputError(words(name, ": an infinite number found, finite ones expected"));
  if (how == "sigmoid") {
    for (auto& score : numbers) score = 1 / (1 + std::exp(-score));
    return numbers;
  }
  const auto largest = *std::max_element(numbers.begin(), numbers.end());
  for (auto& score : numbers) score = std::exp(score - largest);
  const auto whole = std::accumulate(numbers.begin(), numbers.end(), 0.0);
  for (auto& score : numbers) score /= whole;
  return numbers;
}

}  // namespace edgeattn
