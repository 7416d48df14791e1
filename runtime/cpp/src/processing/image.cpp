// Images become an input: in its colors, size, numbers and layout, to the bit.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "limits.hpp"
#include "model.hpp"
#include "part.hpp"
#include "shape.hpp"

// To the bit: no multiplication is fused with an addition, however this is built.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

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

double weight(bool bilinear, double x) {
  x = std::abs(x);
  if (bilinear) return x < 1 ? 1 - x : 0;
  if (x < 1) return ((1.5 * x) - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

std::vector<Kernel> kernels(const std::string& resample, std::int64_t n, std::int64_t m) {
  const double scale = static_cast<double>(n) / static_cast<double>(m), stretch = std::max(scale, 1.0);
  const bool bilinear = resample == "bilinear";
  const double support = (bilinear ? 1 : 2) * stretch;
  std::vector<Kernel> places;
  std::vector<double> weights;
  double x = scale * 0.5;  // where nearest looks
  for (std::int64_t i = 0; i < m; ++i, x += scale) {
    if (resample == "nearest") {
      places.push_back({static_cast<std::int64_t>(x), {1 << 22}});
      continue;
    }
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(center - support + 0.5), 0);
    const auto end = std::min(static_cast<std::int64_t>(center + support + 0.5), n);
    weights.clear();
    for (auto j = first; j < end; ++j)
      weights.push_back(weight(bilinear, (static_cast<double>(j) - center + 0.5) * (1 / stretch)));
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    auto& kernel = places.emplace_back(Kernel{first, {}});
    kernel.weights.reserve(weights.size());
    for (const auto w : weights) {
      const double k = w / total * (1 << 22);
      kernel.weights.push_back(static_cast<std::int64_t>(k < 0 ? k - 0.5 : k + 0.5));
    }
  }
  return places;
}

/// Resizes one axis of an array seen as (outer, axis, inner).
std::vector<std::uint8_t> pass(const std::vector<std::uint8_t>& values, const std::vector<Kernel>& places,
                               std::int64_t outer, std::int64_t size, std::int64_t inner) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(outer * inner) * places.size());
  auto* place = out.data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (const auto& [first, weights] : places)
      for (std::int64_t i = 0; i < inner; ++i) {
        std::int64_t sum = 1 << 21;
        const auto* value = values.data() + (o * size + first) * inner + i;
        for (const auto k : weights) sum += k * *value, value += inner;
        *place++ = static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255));
      }
  return out;
}

struct Size {
  std::int64_t height, width;
};

/// Returns what size an image is made, before a crop. The manifest's check bounds each factor of a product.
Size target(const ImageProcessing& how, std::int64_t height, std::int64_t width) {
  if (!how.crop) return {how.height, how.width};
  if (!how.crop->shorter) return {how.crop->height, how.crop->width};
  const auto shorter = std::min(height, width);
  return {*how.crop->shorter * height / shorter, *how.crop->shorter * width / shorter};
}

/// Returns the first of `size` places of which the middle `kept` are kept.
std::int64_t middle(const Crop& crop, std::int64_t size, std::int64_t kept) {
  const auto half = (size - kept) / 2;
  const bool odd = (size - kept) % 2 == 1;
  return half + (odd && crop.rounding == "even" ? half % 2 : 0);
}

void check_image(const Image& image, const ImageProcessing& how) {
  const auto bytes = byte_count("uint8", {image.height, image.width, image.channels});
  if (image.height < 1 || image.width < 1 || image.channels < 1 || image.channels > 4 || !bytes ||
      image.pixels.size() != *bytes)
    throw InputError(words("image: ", image.pixels.size(), " bytes found for ", image.height, " x ",
                           image.width, " x ", image.channels,
                           " channels; pixels of 1 to 4 channels expected"));
  if (image.height > kMostPixels / image.width)
    throw InputError(words("image: ", image.width, " x ", image.height, " pixels found, at most ",
                           kMostPixels, " expected; give a smaller image"));
  const auto [height, width] = target(how, image.height, image.width);
  if (const auto rows = std::max(image.height, height); rows > kMostPixels / width)
    throw InputError(words("image: ", rows, " rows found, ", kMostPixels / width,
                           " at most expected of an image that is made ", width,
                           " wide; give a smaller one"));
}

/// Returns an image in the channels that are asked for: 1 or 3.
Pixels colored(const Image& image, std::int64_t channels) {
  const auto step = static_cast<std::size_t>(image.channels), places = image.pixels.size() / step;
  const bool grey = step < 3;
  Pixels out{image.height, image.width, channels,
             std::vector<std::uint8_t>(places * static_cast<std::size_t>(channels))};
  auto* value = out.values.data();
  for (const auto *pixel = image.pixels.data(), *end = pixel + image.pixels.size(); pixel != end;
       pixel += step) {
    if (step % 2 == 0 && pixel[step - 1] != 255)
      throw InputError("image: a transparent pixel found, none expected; lay it over a background");
    const auto r = pixel[0], g = grey ? r : pixel[1], b = grey ? r : pixel[2];
    if (channels == 3) {
      *value++ = r, *value++ = g, *value++ = b;
    } else {
      *value++ = grey ? r : static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
    }
  }
  return out;
}

Pixels stretched(Pixels image, const ImageProcessing& how) {
  const auto height = image.height, width = image.width, channels = image.channels;
  const auto to = target(how, height, width);
  if (width != to.width)
    image.values = pass(image.values, kernels(how.resample, width, to.width), height, width, channels);
  if (height != to.height)
    image.values = pass(image.values, kernels(how.resample, height, to.height), 1, height, to.width * channels);
  return {to.height, to.width, channels, std::move(image.values)};
}

Pixels fitted(Pixels image, const ImageProcessing& how) {
  auto whole = stretched(std::move(image), how);
  if (!how.crop) return whole;
  const auto top = middle(*how.crop, whole.height, how.height), left = middle(*how.crop, whole.width, how.width);
  Pixels kept{how.height, how.width, whole.channels, {}};
  const auto row = how.width * whole.channels;
  kept.values.reserve(static_cast<std::size_t>(how.height * row));
  for (auto y = top; y < top + how.height; ++y) {
    const auto first = whole.values.begin() + (y * whole.width + left) * whole.channels;
    kept.values.insert(kept.values.end(), first, first + row);
  }
  return kept;
}

/// Writes an image's numbers in the layout and order of channels that are asked for.
float* write_numbers(const Pixels& image, const ImageProcessing& how, float* out) {
  const auto places = static_cast<std::size_t>(image.height * image.width), channels = how.channels.size();
  const auto number = [&](std::size_t place, std::size_t channel) {
    const auto source = how.channels == "BGR" ? 2 - channel : channel;
    const double scaled = image.values[place * channels + source] * how.scale;
    return static_cast<float>((scaled - how.mean[channel]) / how.std[channel]);
  };
  const bool planes = how.layout == "NCHW";
  for (std::size_t a = 0; a < (planes ? channels : places); ++a)
    for (std::size_t b = 0; b < (planes ? places : channels); ++b)
      *out++ = planes ? number(b, a) : number(a, b);
  return out;
}

}  // namespace

Tensors Model::prepare(const std::vector<Image>& images) const {
  const auto& how = part_of(manifest(), &Processing::image, "image");
  if (images.empty()) throw InputError("image: an empty batch found, at least one expected");
  const auto batch = static_cast<std::int64_t>(images.size()),
             channels = static_cast<std::int64_t>(how.channels.size());
  auto tensor = zeros("float32", how.layout == "NCHW" ? std::vector{batch, channels, how.height, how.width}
                                                      : std::vector{batch, how.height, how.width, channels});
  auto* numbers = reinterpret_cast<float*>(tensor.data.data());
  for (const auto& image : images) {
    check_image(image, how);
    numbers = write_numbers(fitted(colored(image, channels), how), how, numbers);
  }
  return {{how.input, std::move(tensor)}};
}

}  // namespace edgeattn
