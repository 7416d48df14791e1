// A layer of MiniLM by its operators, on one thread of this CPU, beside the time that its products would take
// at the CPU's peak.
//
//     bench_encoder_layer [ROWS...]        1, 16 and 128 where none are given
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "attention_kernel.hpp"
#include "edgeattn_kernels.h"
#include "instruction_set.hpp"
#include "int8_layer.hpp"
#include "peak.hpp"
#include "seconds.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr std::size_t kWidth = 384, kHidden = 1536, kHeads = 12, kSize = kWidth / kHeads;
constexpr std::size_t kMostRows = 4096;

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

std::vector<float> numbers(std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<float>(i * 37 % 251) / 125 - 1;
  return all;
}

struct Cost {
  double seconds, at_peak;
};

Cost linear_cost(const Linear& linear, std::size_t rows, const Peak& peak) {
  const std::vector<std::int8_t> weight(linear.inner * linear.columns, 3);
  const std::vector<float> scale(linear.columns, .01f), ones(linear.columns, 1), smoothing(linear.inner, 1);
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
  const auto layer = pack_layer(parameters, targets().front());
  const auto x = numbers(rows * linear.inner), residual = numbers(rows * linear.columns);
  std::vector<float> y(residual.size());
  const LayerRows call = {rows, x.data(), linear.is_normed ? residual.data() : nullptr, y.data(), nullptr};
  return {seconds([&] { run_layer(layer, call, InOrder()); }),
          2e-9 * static_cast<double>(rows * linear.inner * linear.columns) / peak.int8};
}

Cost attention_cost(std::size_t rows, const Peak& peak) {
  const auto packed = numbers(rows * 3 * kWidth);
  std::vector<float> y(rows * kWidth);
  const auto part = [&](std::size_t i) {
    return Heads<const float>{packed.data() + i * kWidth, packed.size(), kSize, 3 * kWidth};
  };
  AttentionCall call;
  call.batch = 1;
  call.heads = call.key_heads = kHeads;
  call.queries = rows;
  call.head_size = call.value_size = kSize;
  call.query = part(0);
  call.spans[1] = {part(1), part(2), rows};
  call.y = {y.data(), y.size(), kSize, kWidth};
  return {seconds([&] { attend(call, InOrder()); }),
          4e-9 * static_cast<double>(rows * rows * kWidth) / peak.floats};
}

void print(const char* name, std::size_t rows, const Cost& cost) {
  std::printf("| %s | %zu | %.1f | %.1f | %.2f |\n", name, rows, 1e6 * cost.seconds, 1e6 * cost.at_peak,
              cost.at_peak / cost.seconds);
}

void bench(std::size_t rows, const Peak& peak) {
  Cost layer = attention_cost(rows, peak);
  print("attention", rows, layer);
  for (const auto& linear : kLinears) {
    const auto cost = linear_cost(linear, rows, peak);
    print(linear.name, rows, cost);
    layer = {layer.seconds + cost.seconds, layer.at_peak + cost.at_peak};
  }
  print("the layer", rows, layer);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::size_t> all = {1, 16, 128};
  if (count > 1) all.clear();
  for (int i = 1; i < count; ++i) {
    all.push_back(std::strtoull(arguments[i], nullptr, 10));
    if (all.back() == 0 || all.back() > kMostRows) {
      std::fprintf(stderr, "bench_encoder_layer: %s: rows from 1 to %zu expected\n", arguments[i], kMostRows);
      return 2;
    }
  }
  const auto peak = measure_peak();
  std::printf("%s: %.0f GOPS of int8, %.0f of floats\n\n| | rows | us | at the peak | share |\n",
              edgeattn_kernels_instruction_set(), peak.int8, peak.floats);
  std::puts("| --- | ---: | ---: | ---: | ---: |");
  for (const auto rows : all) bench(rows, peak);
}
