// A layer as its definition reads, in doubles, with a bound of what floats may differ by.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

#include "int8_layer.hpp"

namespace edgeattn::kernels {

/// A layer's parameters with the memory that they point to.
struct OwnedLayer {
  LayerParameters parameters;
  std::vector<std::int8_t> weight;  // as int8, whatever the file's width
  std::vector<std::uint8_t> packed;
  std::vector<float> scale, smoothing, bias, norm_scale, norm_bias;
};

struct Form {
  std::size_t inner, columns;
  Activation activation = Activation::kNone;
  Norm norm = Norm::kNone;
  bool gate = false, smoothing = false, bias = false, affine = false;
  int bits = 8;
  std::size_t block = 0;
  bool narrow = false;  // scales are numbers of bfloat16
};

using Random = std::mt19937;

inline std::vector<float> floats(Random& random, std::size_t count, float low, float high) {
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (auto& value : values) value = distribution(random);
  return values;
}

/// Makes `count` values of a row of `inner` up to `size` times as large, of either sign.
inline void add_outliers(Random& random, float* row, std::size_t inner, std::size_t count, float size) {
  std::uniform_real_distribution<float> factor(-size, size);
  for (std::size_t i = 0; i < count; ++i) row[random() % inner] *= factor(random);
}

/// Draws a form with whatever a layer may have; `blocks`: perhaps scales of blocks.
inline Form any_form(Random& random, std::size_t most_inner, std::size_t most_columns, bool blocks = false) {
  const auto pick = [&](std::size_t count) { return random() % count; };
  Form form{1 + pick(most_inner), 1 + pick(most_columns)};
  form.activation = static_cast<Activation>(pick(6));
  form.norm = static_cast<Norm>(pick(3));
  form.gate = pick(2);
  form.smoothing = pick(2);
  form.bias = pick(2);
  form.affine = form.norm != Norm::kNone && pick(2);
  form.bits = pick(2) ? 8 : 4;
  form.narrow = pick(2);
  if (blocks && pick(2)) {
    form.block = 16 * (1 + pick(5));
    form.inner = form.block * (1 + pick(4));
  }
  return form;
}

/// Returns a float without the half that bfloat16 lacks.
inline float to_bfloat16(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  bits &= 0xffff0000;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

inline OwnedLayer make_layer(const Form& form, Random& random) {
  OwnedLayer own;
  const std::size_t rows = form.columns * (form.gate ? 2 : 1),
                    blocks = form.block ? form.inner / form.block : 1;
  std::uniform_int_distribution<int> value(form.bits == 8 ? -128 : -8, form.bits == 8 ? 127 : 7);
  own.weight.resize(rows * form.inner);
  for (auto& w : own.weight) w = static_cast<std::int8_t>(value(random));
  own.scale = floats(random, rows * blocks, .001f, .02f);
  if (form.narrow)
    for (auto& scale : own.scale) scale = to_bfloat16(scale);
  auto& p = own.parameters;
  p.inner = form.inner;
  p.columns = form.columns;
  p.gate = form.gate;
  p.bits = form.bits;
  p.block = form.block;
  p.activation = form.activation;
  p.norm = form.norm;
  p.epsilon = 1e-5f;
  p.weight = own.weight.data();
  if (form.bits == 4) {
    const auto stride = (form.inner + 1) / 2;
    own.packed.assign(rows * stride, 0);
    for (std::size_t i = 0; i < own.weight.size(); ++i) {
      const auto k = i % form.inner;
      own.packed[i / form.inner * stride + k / 2] |=
          static_cast<std::uint8_t>((own.weight[i] + 8) << (k % 2 * 4));
    }
    p.weight = own.packed.data();
  }
  p.scale = own.scale.data();
  if (form.smoothing) p.smoothing = (own.smoothing = floats(random, form.inner, .3f, 2)).data();
  if (form.bias) p.bias = (own.bias = floats(random, rows, -1, 1)).data();
  if (form.affine) {
    p.norm_scale = (own.norm_scale = floats(random, form.columns, .5f, 2)).data();
    p.norm_bias = (own.norm_bias = floats(random, form.columns, -1, 1)).data();
  }
  return own;
}

/// A number and what a float computation may be off by.
struct Bounded {
  double value = 0, error = 0;
};

inline double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return x * .5 * (1 + std::erf(x / std::sqrt(2.)));
    case Activation::kGeluTanh:
      return x * .5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + .044715 * x * x * x)));
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return 0;
}

/// The lowest and the highest of values, zero included.
inline std::pair<float, float> range_of(const std::vector<float>& values) {
  float low = 0, high = 0;
  for (const float value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return {low, high};
}

/// Returns a third of a row's range: about zero, as far as the row reaches on either side.
inline std::pair<float, float> third_of(std::pair<float, float> range) {
  const auto [low, high] = range;
  const float sixth = high / 6 - low / 6;
  if (low > -sixth) return {low, low + 2 * sixth};
  if (high < sixth) return {high - 2 * sixth, high};
  return {-sixth, sixth};
}

/// Returns what the activations of a row are worth after rounding: scale and centered values.
inline std::pair<double, std::vector<std::int64_t>> rounded(const OwnedLayer& own, const float* x) {
  const auto& p = own.parameters;
  std::vector<float> smoothed(x, x + p.inner);
  if (p.smoothing)
    for (std::size_t k = 0; k < p.inner; ++k) smoothed[k] *= p.smoothing[k];
  auto [low, high] = range_of(smoothed);
  float range = high / 255 - low / 255;
  const float shortest = range / 16;
  const auto [begin, end] = third_of({low, high});
  const auto is_inside = [begin = begin, end = end](float value) { return value >= begin && value <= end; };
  std::vector<float> inside;
  std::copy_if(smoothed.begin(), smoothed.end(), std::back_inserter(inside), is_inside);
  const bool split =
      shortest >= FLT_MIN && p.inner - inside.size() <= std::min<std::size_t>(p.inner / 128, 16);
  if (split) {
    std::tie(low, high) = range_of(inside);
    range = std::max(high / 255 - low / 255, shortest);
  }
  const float scale = range < FLT_MIN ? 0 : range, inverse = scale > 0 ? 1 / scale : 0;
  const auto zero = -std::llrint(low * inverse);
  std::vector<std::int64_t> values;
  for (const float v : smoothed) {
    const std::int64_t value = std::llrint(v * inverse);
    values.push_back(split && !is_inside(v) ? value : std::min<std::int64_t>(value, 255 - zero));
  }
  return {scale, values};
}

constexpr double kStep = FLT_EPSILON;

inline Bounded linear(const OwnedLayer& own, std::size_t row, double scale,
                      const std::vector<std::int64_t>& values) {
  const auto& p = own.parameters;
  const auto block = p.block ? p.block : p.inner, blocks = p.inner / block;
  double product = 0, magnitude = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    std::int64_t sum = 0;
    for (auto k = b * block; k < (b + 1) * block; ++k) sum += values[k] * own.weight[row * p.inner + k];
    const double term = scale * p.scale[row * blocks + b] * static_cast<double>(sum);
    product += term;
    magnitude += std::fabs(term);
  }
  const double bias = p.bias ? p.bias[row] : 0;
  return {product + bias, kStep * (static_cast<double>(2 + blocks) * magnitude + std::fabs(bias))};
}

inline Bounded activated(Activation activation, Bounded x) {
  if (activation == Activation::kNone || activation == Activation::kRelu)
    return {activated(activation, x.value), x.error};
  return {activated(activation, x.value), 1.2 * x.error + 3e-6 + 4 * kStep * std::fabs(x.value)};
}

inline Bounded operator*(Bounded a, Bounded b) {
  return {a.value * b.value, a.error * std::fabs(b.value) + b.error * std::fabs(a.value) + a.error * b.error +
                                 kStep * std::fabs(a.value * b.value)};
}

/// Returns a row's sums before the norm.
inline std::vector<Bounded> sums(const OwnedLayer& own, const float* x, const float* residual) {
  const auto& p = own.parameters;
  const auto [scale, values] = rounded(own, x);
  std::vector<Bounded> row;
  for (std::size_t n = 0; n < p.columns; ++n) {
    auto y = activated(p.activation, linear(own, n, scale, values));
    if (p.gate) y = y * linear(own, p.columns + n, scale, values);
    if (residual)
      y = {y.value + residual[n], y.error + kStep * (std::fabs(y.value) + std::fabs(residual[n]))};
    row.push_back(y);
  }
  return row;
}

/// Returns the norm of a row of sums.
inline std::vector<Bounded> normed(const OwnedLayer& own, std::vector<Bounded> row) {
  const auto& p = own.parameters;
  if (p.norm == Norm::kNone) return row;
  double mean = 0, variance = 0, error = 0, greatest = 0;
  const auto count = static_cast<double>(row.size());
  if (p.norm == Norm::kLayer)
    for (const auto& v : row) mean += v.value / count;
  for (const auto& v : row) {
    variance += (v.value - mean) * (v.value - mean) / count;
    error = std::max(error, v.error);
    greatest = std::max(greatest, std::fabs(v.value));
  }
  const double factor = 1 / std::sqrt(variance + p.epsilon);
  // What each element and the mean are off by, and the factor with them.
  const double off = (3 * error + 8 * kStep * greatest) * factor;
  for (std::size_t n = 0; n < row.size(); ++n) {
    const double unit = (row[n].value - mean) * factor, scale = p.norm_scale ? p.norm_scale[n] : 1;
    const double bias = p.norm_bias ? p.norm_bias[n] : 0;
    row[n] = {unit * scale + bias,
              std::fabs(scale) * (off * (1 + std::fabs(unit)) + 8 * kStep * std::fabs(unit)) +
                  kStep * std::fabs(bias)};
  }
  return row;
}

}  // namespace edgeattn::kernels
