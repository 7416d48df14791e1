// Golden vectors: real inputs and PyTorch's outputs for them, replayed here.
#include <algorithm>
#include <cmath>

#include "contract.hpp"
#include "model.hpp"
#include "safetensors.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

Tensor take(Tensors& tensors, const std::string& key) {
  auto node = tensors.extract(key);
  if (!node) throw InputError(words("tensor ", quoted(key), " missing"));
  return std::move(node.mapped());
}

/// Divides by the largest first: the squares of very large or small values leave the range of a double.
void make_unit(std::vector<double>& numbers) {
  double largest = 0, squares = 0;
  for (const auto number : numbers) largest = std::max(largest, std::abs(number));
  for (auto& number : numbers) {
    number /= largest;
    squares += number * number;
  }
  for (auto& number : numbers) number /= std::sqrt(squares);
}

/// Returns the cosine and the largest difference; a NaN or infinity that both hold in one place is left out.
std::pair<double, double> compare(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> x, y;
  double largest = 0, product = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) {
      x.push_back(a[i]), y.push_back(b[i]);
      largest = std::max(largest, std::abs(a[i] - b[i]));
    } else if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) {
      return {0, std::numeric_limits<double>::infinity()};
    }
  }
  const auto zero = [](const auto& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](double n) { return n == 0; });
  };
  if (zero(x) || zero(y)) return {zero(x) == zero(y), largest};
  make_unit(x), make_unit(y);
  for (std::size_t i = 0; i < x.size(); ++i) product += x[i] * y[i];
  return {std::clamp(product, -1.0, 1.0), largest};
}

}  // namespace

std::vector<std::pair<Tensors, Tensors>> read_golden(const Bundle& bundle) {
  const auto& graph = bundle.manifest.graphs.at(bundle.manifest.main_graph());
  const auto path = path_of(bundle.folder, bundle.manifest.golden_file);
  try {
    auto tensors = parse_safetensors(bundle.read(bundle.manifest.golden_file));
    std::vector<std::pair<Tensors, Tensors>> samples;
    if (bundle.manifest.golden_samples > static_cast<std::int64_t>(tensors.size()))
      throw InputError(words(tensors.size(), " tensors for ", bundle.manifest.golden_samples, " samples"));
    for (std::int64_t i = 0; i < bundle.manifest.golden_samples; ++i) {
      auto& [inputs, outputs] = samples.emplace_back();
      for (const auto& input : graph.inputs)
        inputs[input.name] = take(tensors, words(i, ".input.", input.name));
      for (const auto& output : graph.outputs)
        outputs[output.name] = take(tensors, words(i, ".output.", output.name));
    }
    if (!tensors.empty())
      throw InputError(words("tensor ", quoted(tensors.begin()->first), " found, which no sample has"));
    return samples;
  } catch (const InputError& error) {
    throw BundleError(words(path.u8string(), ": no golden vectors of this bundle (", error.what(),
                            "); export the model again"));
  }
}

std::vector<GoldenResult> Model::check() const {
  std::vector<GoldenResult> results;
  std::int64_t index = 0;
  for (const auto& [inputs, expected] : read_golden(impl_->bundle)) {
    const auto answers = run(inputs);
    const auto opened = impl_->graph();
    const auto& main = *opened;
    const auto tolerance = main.answering(inputs).tolerance;
    for (const auto& tensor : main.spec().outputs) {
      const auto &found = answers.at(tensor.name), &golden = expected.at(tensor.name);
      GoldenResult result{index, tensor.name, 0, std::nullopt, false};
      if (found.dims == golden.dims) {
        const auto [cosine, largest] = compare(doubles(found), doubles(golden));
        result.cosine = cosine;
        result.ok = cosine >= tolerance;
        if (std::isfinite(largest)) result.max_abs = largest;
      }
      results.push_back(result);
    }
    ++index;
  }
  return results;
}

}  // namespace edgeattn
