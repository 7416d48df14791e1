// What stands between an app's data and the arrays of a call: images and texts in, labels out.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "manifest.hpp"
#include "model.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

/// Rows of values of 8 bits, `channels` of them a place.
struct Pixels {
  std::int64_t height, width, channels;
  std::vector<std::uint8_t> values;
};

/// The values that one place of a resized axis is made of, from `first` on, and their weights times 2^22.
struct Kernel {
  std::int64_t first;
  std::vector<std::int64_t> weights;
};

double weight(const std::string& resample, double x) {
  x = std::abs(x);
  if (resample == "bilinear") return x < 1 ? 1 - x : 0;
  if (x < 1) return ((1.5 * x) - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

std::vector<Kernel> kernels(const std::string& resample, std::int64_t n, std::int64_t m) {
  const double scale = static_cast<double>(n) / static_cast<double>(m), stretch = std::max(scale, 1.0);
  const double support = (resample == "bilinear" ? 1 : 2) * stretch;
  std::vector<Kernel> found;
  double x = scale * 0.5;  // where nearest looks
  for (std::int64_t i = 0; i < m; ++i, x += scale) {
    if (resample == "nearest") {
      found.push_back({static_cast<std::int64_t>(x), {1 << 22}});
      continue;
    }
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(center - support + 0.5), 0);
    const auto end = std::min(static_cast<std::int64_t>(center + support + 0.5), n);
    std::vector<double> weights;
    for (auto j = first; j < end; ++j)
      weights.push_back(weight(resample, (static_cast<double>(j) - center + 0.5) * (1 / stretch)));
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    auto& kernel = found.emplace_back(Kernel{first, {}});
    for (const auto w : weights) {
      const double k = w / total * (1 << 22);
      kernel.weights.push_back(static_cast<std::int64_t>(k < 0 ? k - 0.5 : k + 0.5));
    }
  }
  return found;
}

/// Resizes one axis of an array seen as (outer, axis, inner).
std::vector<std::uint8_t> pass(const std::vector<std::uint8_t>& values, const std::vector<Kernel>& places,
                               std::int64_t outer, std::int64_t size, std::int64_t inner) {
  std::vector<std::uint8_t> out;
  for (std::int64_t o = 0; o < outer; ++o)
    for (const auto& [first, weights] : places)
      for (std::int64_t i = 0; i < inner; ++i) {
        std::int64_t sum = 1 << 21, at = (o * size + first) * inner + i;
        for (const auto k : weights) sum += k * values[static_cast<std::size_t>(at)], at += inner;
        out.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255)));
      }
  return out;
}

/// Returns an image in the channels that are asked for: 1 or 3.
Pixels colored(const Image& image, std::int64_t channels) {
  const auto [height, width, given, pixels] = image;
  const auto bytes = byte_count("uint8", {height, width, given});
  if (height < 1 || width < 1 || given < 1 || given > 4 || !bytes || pixels.size() != *bytes)
    throw InputError(words("image: ", pixels.size(), " bytes found for ", height, " x ", width, " x ", given,
                           " channels; pixels of 1 to 4 channels expected"));
  const auto step = static_cast<std::size_t>(given);
  const bool grey = given < 3;
  Pixels out{height, width, channels, {}};
  for (std::size_t i = 0; i < pixels.size(); i += step) {
    if (given % 2 == 0 && pixels[i + step - 1] != 255)
      throw InputError("image: a transparent pixel found, none expected; lay it over a background");
    const auto r = pixels[i], g = grey ? r : pixels[i + 1], b = grey ? r : pixels[i + 2];
    if (channels == 3) {
      out.values.insert(out.values.end(), {r, g, b});
    } else {
      out.values.push_back(
          grey ? r : static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16));
    }
  }
  return out;
}

Pixels fitted(Pixels image, const ImageProcessing& how) {
  const auto [height, width, channels, values] = image;
  if (width != how.width)
    image.values = pass(image.values, kernels(how.resample, width, how.width), height, width, channels);
  if (height != how.height)
    image.values =
        pass(image.values, kernels(how.resample, height, how.height), 1, height, how.width * channels);
  return {how.height, how.width, channels, image.values};
}

/// Adds an image's numbers in the layout and order of channels that are asked for.
void append_numbers(std::vector<float>& numbers, const Pixels& image, const ImageProcessing& how) {
  const auto places = static_cast<std::size_t>(image.height * image.width), channels = how.channels.size();
  const auto number = [&](std::size_t place, std::size_t channel) {
    const auto source = how.channels == "BGR" ? 2 - channel : channel;
    const double scaled = image.values[place * channels + source] * how.scale;
    return static_cast<float>((scaled - how.mean[channel]) / how.std[channel]);
  };
  const bool planes = how.layout == "NCHW";
  for (std::size_t a = 0; a < (planes ? channels : places); ++a)
    for (std::size_t b = 0; b < (planes ? places : channels); ++b)
      numbers.push_back(planes ? number(b, a) : number(a, b));
}

const Processing& processing_of(const Manifest& manifest) {
  static const Processing none;
  return manifest.processing ? *manifest.processing : none;
}

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

/// Returns the dtype of an input of the graphs that an app's data goes into.
const std::string& dtype_of_input(const Manifest& manifest, const std::string& name) {
  std::vector<std::string> called{manifest.main_graph()};
  if (const auto& names = manifest.generation)
    called = {names->encoder.value_or(names->decoder), names->decoder, called[0]};
  for (const auto& graph : called)
    if (const auto* input = find(manifest.graphs.at(graph).inputs, name)) return input->dtype;
  throw InputError(words(quoted(name), ": no such input"));
}

}  // namespace

Tensors Model::prepare(const std::vector<Image>& images) const {
  const auto& how = processing_of(manifest()).image;
  if (!how) throw InputError(words(manifest().name, ": no 'image' in its processing; give arrays to run"));
  if (images.empty()) throw InputError("images: none found, at least one expected");
  std::vector<float> numbers;
  const auto channels = static_cast<std::int64_t>(how->channels.size());
  for (const auto& image : images) append_numbers(numbers, fitted(colored(image, channels), *how), *how);
  std::vector<std::int64_t> dims{static_cast<std::int64_t>(images.size()), how->height, how->width, channels};
  if (how->layout == "NCHW") dims = {dims[0], channels, how->height, how->width};
  return {{how->input, Tensor::of(dims, numbers)}};
}

Tensors Model::prepare(const std::vector<std::string>& texts, const Tokenizer& tokenizer) const {
  const auto& how = processing_of(manifest()).text;
  if (!how) throw InputError(words(manifest().name, ": no 'text' in its processing; give arrays to run"));
  std::vector<std::vector<std::int64_t>> rows;
  std::size_t longest = 0;
  const auto file = (impl_->bundle.folder / how->tokenizer).string();
  for (const auto& text : texts)
    longest = std::max(longest, rows.emplace_back(tokenizer(text, file, how->longest)).size());
  std::vector<std::int64_t> ids, mask;
  for (auto& row : rows) {
    if (row.empty()) throw InputError("text: no token found, at least one expected");
    if (row.size() < longest && !how->mask)
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
    return std::pair{name, in_dtype(dtype_of_input(manifest(), name), dims, numbers)};
  };
  Tensors inputs{fill(how->ids, ids)};
  if (how->mask) inputs.insert(fill(*how->mask, mask));
  if (how->types) inputs.insert(fill(*how->types, std::vector<std::int64_t>(ids.size())));
  return inputs;
}

std::vector<std::vector<Label>> Model::labels(const Tensors& outputs) const {
  const auto& how = processing_of(manifest()).labels;
  if (!how) throw InputError(words(manifest().name, ": no 'labels' in its processing"));
  const auto found = outputs.find(how->output);
  const auto fits = [&](const Tensor& tensor) {
    return !tensor.dims.empty() && tensor.dims.back() == static_cast<std::int64_t>(how->names.size()) &&
           byte_count("float32", tensor.dims) == tensor.data.size();
  };
  if (found == outputs.end() || !fits(found->second))
    throw InputError(words(how->output, ": an output of ", how->names.size(), " numbers a vector expected"));
  const auto* numbers = found->second.as<float>();
  std::vector<std::vector<Label>> vectors;
  for (const auto* end = numbers + found->second.data.size() / sizeof(float); numbers != end;) {
    auto& vector = vectors.emplace_back();
    for (const auto& name : how->names) vector.emplace_back(name, *numbers++);
    if (std::any_of(vector.begin(), vector.end(),
                    [](const Label& label) { return std::isnan(label.second); }))
      throw InputError(words(how->output, ": NaN found, numbers expected"));
    std::stable_sort(vector.begin(), vector.end(),
                     [](const Label& a, const Label& b) { return a.second > b.second; });
  }
  return vectors;
}

}  // namespace edgeattn
