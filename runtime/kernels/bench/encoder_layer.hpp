// MiniLM's layer: its linear layers as numbers, and its attention.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "attention_kernel.hpp"
#include "instruction_set.hpp"
#include "int8_layer.hpp"

namespace edgeattn::kernels {

constexpr std::size_t kWidth = 384, kHidden = 1536, kHeads = 12, kSize = kWidth / kHeads;

struct Linear {
  const char* name;
  std::size_t inner, columns;
  Activation activation;
  bool is_normed;  // after a residual
};

constexpr Linear kLinears[] = {
    {"query, key, value", kWidth, 3 * kWidth, Activation::kNone, false},
    {"output, norm", kWidth, kWidth, Activation::kNone, true},
    {"up, GELU", kWidth, kHidden, Activation::kGelu, false},
    {"down, norm", kHidden, kWidth, Activation::kNone, true},
};

inline std::vector<float> numbers(std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<float>(i * 37 % 251) / 125 - 1;
  return all;
}

inline PackedLayer packed(const Linear& linear) {
  std::vector<std::int8_t> weight(linear.inner * linear.columns);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<std::int8_t>(i * 31 % 251 - 125);
  const std::vector<float> scale(linear.columns, 1e-4f), ones(linear.columns, 1), smoothing(linear.inner, 1);
  LayerParameters parameters;
  parameters.inner = linear.inner;
  parameters.columns = linear.columns;
  parameters.weight = weight.data();
  parameters.scale = scale.data();
  parameters.smoothing = smoothing.data();
  parameters.bias = ones.data();
  parameters.activation = linear.activation;
  if (linear.is_normed) {
    parameters.norm = Norm::kLayer;
    parameters.norm_scale = parameters.norm_bias = ones.data();
    parameters.epsilon = 1e-12f;
  }
  return pack_layer(parameters, targets().front());
}

/// All heads attend: `y` (rows, width) of `joined`, which is query, key and value of each row (rows, 3 width).
inline void attend_all(std::size_t rows, const std::vector<float>& joined, std::vector<float>& y) {
  const auto part = [&](std::size_t i) {
    return Heads<const float>{joined.data() + i * kWidth, joined.size(), kSize, 3 * kWidth};
  };
  AttentionCall call;
  call.batch = 1;
  call.heads = call.key_heads = kHeads;
  call.queries = rows;
  call.head_size = call.value_size = kSize;
  call.query = part(0);
  call.spans[1] = {part(1), part(2), rows};
  call.y = {y.data(), y.size(), kSize, kWidth};
  attend(call, InOrder());
}

/// Returns the numbers of rows that a command line asks for: 1, 16 and 128 where it names none; nothing, and
/// says so, where it names one that is out of range.
inline std::optional<std::vector<std::size_t>> asked_rows(int count, char** arguments) {
  constexpr std::size_t kMostRows = 4096;
  if (count == 1) return std::vector<std::size_t>{1, 16, 128};
  std::vector<std::size_t> all;
  for (int i = 1; i < count; ++i) {
    all.push_back(std::strtoull(arguments[i], nullptr, 10));
    if (all.back() == 0 || all.back() > kMostRows) {
      std::fprintf(stderr, "%s: %s: rows from 1 to %zu expected\n", arguments[0], arguments[i], kMostRows);
      return std::nullopt;
    }
  }
  return all;
}

}  // namespace edgeattn::kernels
