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

/// Returns the fixed trailing dims of an output, whose places are its channels; the last dim first.
std::vector<std::int64_t> channel_dims(const TensorSpec& output) {
  std::vector<std::int64_t> fixed;
  for (auto dim = output.dims.rbegin(); dim != output.dims.rend() && dim->symbol.empty(); ++dim)
    fixed.push_back(dim->size);
  return fixed;
}

/// Takes the spread of an output: an axis for each of its fixed trailing dims, as long as that or of length 1.
Spread take_spread(Tensors& tensors, const TensorSpec& output) {
  const auto key = words("spread.", output.name);
  const auto tensor = take(tensors, key);
  const auto fixed = channel_dims(output);
  bool fits = tensor.dtype == "float32" && tensor.dims.size() == fixed.size();
  Spread spread;
  std::uint64_t stride = 1;
  for (std::size_t i = 0; fits && i < fixed.size(); ++i) {
    const auto length = tensor.dims[fixed.size() - 1 - i];
    fits = length == 1 || length == fixed[i];
    spread.axes.push_back({static_cast<std::uint64_t>(fixed[i]), length == 1 ? 0 : stride});
    stride *= static_cast<std::uint64_t>(length);
  }
  if (fits) spread.units = doubles(tensor);
  fits = fits && std::all_of(spread.units.begin(), spread.units.end(),
                             [](double n) { return std::isfinite(n) && n > 0; });
  if (!fits)
    throw InputError(words(key, " is no float32 of finite numbers above 0, of the output's fixed trailing dims or 1"));
  return spread;
}

void require_channels(const std::string& key, const std::vector<std::int64_t>& dims, const TensorSpec& output) {
  const auto fixed = channel_dims(output);
  if (dims.size() < fixed.size() || !std::equal(fixed.begin(), fixed.end(), dims.rbegin()))
    throw InputError(words("dims [", listed(dims), "] of ", key, ", others than its fixed trailing dims"));
}

/// What two outputs of the same dims come to; none where no number says it.
struct Likeness {
  std::optional<double> error, max_abs;
};

/// Compares the numbers that are held; a NaN or infinity that both hold in one place is left out.
Likeness compare(const Tensor& answer, const Tensor& golden, const Excerpt* excerpt,
                 const Spread& spread) {
  const auto found = doubles(answer), expected = doubles(golden);
  double total = 0, largest = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto place = excerpt ? excerpt->places[i] : i;
    const double a = found[place], b = expected[i];
    if (std::isfinite(a) && std::isfinite(b)) {
      const double part = (a - b) / spread.at(place);
      const double square = part * part;  // a statement of its own: never fused with the sum, so all runtimes agree
      total += square;
      largest = std::max(largest, std::abs(a - b));
      ++count;
    } else if (!(a == b || (std::isnan(a) && std::isnan(b)))) {
      return {};
    }
  }
  Likeness likeness;
  if (std::isfinite(total)) likeness.error = count ? std::sqrt(total / static_cast<double>(count)) : 0;
  if (std::isfinite(largest)) likeness.max_abs = largest;
  return likeness;
}

}  // namespace

double Spread::at(std::uint64_t place) const {
  std::uint64_t unit = 0;
  for (const auto& [dim, stride] : axes) {
    unit += place % dim * stride;
    place /= dim;
  }
  return units[unit];
}

void require_golden(const Bundle& bundle) {
  if (bundle.manifest.golden_samples) return;
  throw InputError(words(bundle.folder.u8string(),
                         ": packed without golden vectors; take the bundle that it was packed from"));
}

GoldenVectors read_golden(const Bundle& bundle) {
  if (!bundle.manifest.golden_samples) return {};
  const auto& graph = bundle.manifest.graphs.at(bundle.manifest.main_graph());
  const auto path = path_of(bundle.folder, bundle.manifest.golden_file);
  try {
    auto tensors = parse_safetensors(bundle.read(bundle.manifest.golden_file));
    GoldenVectors golden;
    if (bundle.manifest.golden_samples > static_cast<std::int64_t>(tensors.size()))
      throw InputError(words(tensors.size(), " tensors for ", bundle.manifest.golden_samples, " samples"));
    for (const auto& output : graph.outputs) golden.spreads[output.name] = take_spread(tensors, output);
    for (std::int64_t i = 0; i < bundle.manifest.golden_samples; ++i) {
      auto& [inputs, outputs, excerpts] = golden.samples.emplace_back();
      for (const auto& input : graph.inputs)
        inputs[input.name] = take(tensors, words(i, ".input.", input.name));
      for (const auto& output : graph.outputs)
        outputs[output.name] = take(tensors, words(i, ".output.", output.name));
      for (const auto& [name, held] : outputs)
        if (tensors.count(words(i, ".places.", name)))
          excerpts[name] = take_excerpt(tensors, i, name, held);
      for (const auto& output : graph.outputs) {
        const auto part = excerpts.find(output.name);
        require_channels(words(i, ".output.", output.name),
                         part == excerpts.end() ? outputs.at(output.name).dims : part->second.dims, output);
      }
    }
    if (!tensors.empty())
      throw InputError(words("tensor ", quoted(tensors.begin()->first), " found, which no sample has"));
    return golden;
  } catch (const InputError& error) {
    throw BundleError(words(path.u8string(), ": no golden vectors of this bundle (", error.what(),
                            "); export the model again"));
  }
}

std::vector<GoldenResult> Model::check() const {
  std::vector<GoldenResult> results;
  std::int64_t index = 0;
  const auto [samples, spreads] = read_golden(impl_->bundle);
  for (const auto& [inputs, expected, excerpts] : samples) {
    const auto answers = run(inputs);
    const auto opened = impl_->graph();
    const auto& main = *opened;
    const auto& tolerance = main.answering(inputs).tolerance;
    for (const auto& tensor : main.spec().outputs) {
      const auto &found = answers.at(tensor.name), &golden = expected.at(tensor.name);
      GoldenResult result{index, tensor.name, std::nullopt, std::nullopt, false};
      const auto place = excerpts.find(tensor.name);
      const auto* excerpt = place == excerpts.end() ? nullptr : &place->second;
      if (found.dims == (excerpt ? excerpt->dims : golden.dims)) {
        const auto likeness = compare(found, golden, excerpt, spreads.at(tensor.name));
        result.error = likeness.error;
        result.max_abs = likeness.max_abs;
        result.ok = likeness.error && *likeness.error <= tolerance.at(tensor.name);
      }
      results.push_back(result);
    }
    ++index;
  }
  return results;
}

}  // namespace edgeattn
