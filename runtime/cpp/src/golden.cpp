// Golden vectors: real inputs and PyTorch's outputs for them, replayed here.
#include <algorithm>
#include <cmath>
#include <limits>

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

/// Takes a tensor of one axis of int32.
std::vector<std::int64_t> take_integers(Tensors& tensors, const std::string& key) {
  const auto tensor = take(tensors, key);
  if (tensor.dtype != "int32" || tensor.dims.size() != 1)
    throw InputError(words("tensor ", quoted(key), " of ", tensor.dtype, ", one axis of int32 expected"));
  const auto* first = tensor.as<std::int32_t>();
  return {first, first + tensor.dims[0]};
}

/// Takes which numbers of an output are held; throws InputError where these are none of it.
Excerpt take_excerpt(Tensors& tensors, std::int64_t sample, const std::string& name, const Tensor& held) {
  const auto places = take_integers(tensors, words(sample, ".places.", name));
  Excerpt excerpt{take_integers(tensors, words(sample, ".dims.", name)), {places.begin(), places.end()}};
  std::int64_t size = 1, before = -1;
  bool fits = held.dims == std::vector{static_cast<std::int64_t>(places.size())};
  for (const auto dim : excerpt.dims) {
    fits = fits && dim >= 0 && (dim == 0 || size <= std::numeric_limits<std::int64_t>::max() / dim);
    size = fits ? size * dim : 0;
  }
  for (const auto place : places) {
    fits = fits && place > before && place < size;
    before = place;
  }
  if (!fits) throw InputError(words("places or dims of ", sample, ".output.", name, " are not those of an excerpt"));
  return excerpt;
}

/// Returns the numbers of an answer that are held.
std::vector<double> held_numbers(const Tensor& answer, const Excerpt* excerpt) {
  auto all = doubles(answer);
  if (!excerpt) return all;
  std::vector<double> numbers;
  numbers.reserve(excerpt->places.size());
  for (const auto place : excerpt->places) numbers.push_back(all[place]);
  return numbers;
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

void require_golden(const Bundle& bundle) {
  if (bundle.manifest.golden_samples) return;
  throw InputError(words(bundle.folder.u8string(),
                         ": packed without golden vectors; take the bundle that it was packed from"));
}

std::vector<GoldenSample> read_golden(const Bundle& bundle) {
  if (!bundle.manifest.golden_samples) return {};
  const auto& graph = bundle.manifest.graphs.at(bundle.manifest.main_graph());
  const auto path = path_of(bundle.folder, bundle.manifest.golden_file);
  try {
    auto tensors = parse_safetensors(bundle.read(bundle.manifest.golden_file));
    std::vector<GoldenSample> samples;
    if (bundle.manifest.golden_samples > static_cast<std::int64_t>(tensors.size()))
      throw InputError(words(tensors.size(), " tensors for ", bundle.manifest.golden_samples, " samples"));
    for (std::int64_t i = 0; i < bundle.manifest.golden_samples; ++i) {
      auto& [inputs, outputs, excerpts] = samples.emplace_back();
      for (const auto& input : graph.inputs)
        inputs[input.name] = take(tensors, words(i, ".input.", input.name));
      for (const auto& output : graph.outputs)
        outputs[output.name] = take(tensors, words(i, ".output.", output.name));
      for (const auto& [name, held] : outputs)
        if (tensors.count(words(i, ".places.", name)))
          excerpts[name] = take_excerpt(tensors, i, name, held);
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
  for (const auto& [inputs, expected, excerpts] : read_golden(impl_->bundle)) {
    const auto answers = run(inputs);
    const auto opened = impl_->graph();
    const auto& main = *opened;
    const auto tolerance = main.answering(inputs).tolerance;
    for (const auto& tensor : main.spec().outputs) {
      const auto &found = answers.at(tensor.name), &golden = expected.at(tensor.name);
      GoldenResult result{index, tensor.name, 0, std::nullopt, false};
      const auto place = excerpts.find(tensor.name);
      const auto* excerpt = place == excerpts.end() ? nullptr : &place->second;
      if (found.dims == (excerpt ? excerpt->dims : golden.dims)) {
        const auto [cosine, largest] = compare(held_numbers(found, excerpt), doubles(golden));
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
