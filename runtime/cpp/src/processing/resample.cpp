#include "resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

// To the bit: no multiplication is fused with an addition, however this is built.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

namespace edgeattn {
namespace {

constexpr double kPi = 3.14159265358979323846;

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

double triangle(double x) { return std::abs(x) < 1 ? 1 - std::abs(x) : 0; }

/// As Pillow has it, with constants of 32 bits.
double hamming(double x) {
  return std::abs(x) < 1 ? sinc(x) * (double{0.54f} + double{0.46f} * std::cos(x * kPi)) : 0;
}

double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return ((1.5 * x) - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct Filter {
  const char* name;
  double reach;
  double (*weight)(double);
};

constexpr std::array kFilters = {Filter{"box", 0.5, box}, Filter{"bilinear", 1, triangle},
                                 Filter{"hamming", 1, hamming}, Filter{"bicubic", 2, cubic},
                                 Filter{"lanczos", 3, lanczos}};

/// The values that one place of a resized axis is made of, from `first` on, and their weights times 2^22.
struct Kernel {
  std::int64_t first;
  std::vector<std::int64_t> weights;
};

std::vector<Kernel> nearest(std::int64_t n, std::int64_t m) {
  const double scale = static_cast<double>(n) / static_cast<double>(m);
  std::vector<Kernel> places;
  double x = scale * 0.5;
  for (std::int64_t i = 0; i < m; ++i, x += scale) places.push_back({static_cast<std::int64_t>(x), {1 << 22}});
  return places;
}

std::vector<Kernel> kernels(const std::string& name, std::int64_t n, std::int64_t m) {
  const auto* const filter =
      std::find_if(kFilters.begin(), kFilters.end(), [&](const Filter& each) { return each.name == name; });
  if (filter == kFilters.end()) return nearest(n, m);
  const double scale = static_cast<double>(n) / static_cast<double>(m), stretch = std::max(scale, 1.0);
  const double support = filter->reach * stretch;
  std::vector<Kernel> places;
  std::vector<double> weights;
  for (std::int64_t i = 0; i < m; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(center - support + 0.5), 0);
    const auto end = std::min(static_cast<std::int64_t>(center + support + 0.5), n);
    weights.clear();
    for (auto j = first; j < end; ++j)
      weights.push_back(filter->weight((static_cast<double>(j) - center + 0.5) * (1 / stretch)));
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

}  // namespace

Pixels resampled(Pixels image, Size to, const std::string& filter) {
  const auto height = image.height, width = image.width, channels = image.channels;
  if (width != to.width)
    image.values = pass(image.values, kernels(filter, width, to.width), height, width, channels);
  if (height != to.height)
    image.values = pass(image.values, kernels(filter, height, to.height), 1, height, to.width * channels);
  return {to.height, to.width, channels, std::move(image.values)};
}

}  // namespace edgeattn
