// A layer of MiniLM by its operators, on one thread of this CPU, beside the time that its products would take
// at the CPU's peak.
//
//     bench_encoder_layer [ROWS...]        1, 16 and 128 where none are given
#include <cstdio>
#include <vector>

#include "edgeattn_kernels.h"
#include "encoder_layer.hpp"
#include "peak.hpp"
#include "seconds.hpp"

using namespace edgeattn::kernels;

namespace {

struct Cost {
  double seconds, at_peak;
};

Cost linear_cost(const Linear& linear, std::size_t rows, const Peak& peak) {
  const auto layer = packed(linear);
  const auto x = numbers(rows * linear.inner), residual = numbers(rows * linear.columns);
  std::vector<float> y(residual.size());
  const LayerRows call = {rows, x.data(), linear.is_normed ? residual.data() : nullptr, y.data(), nullptr};
  return {seconds([&] { run_layer(layer, call, InOrder()); }),
          2e-9 * static_cast<double>(rows * linear.inner * linear.columns) / peak.int8};
}

Cost attention_cost(std::size_t rows, const Peak& peak) {
  const auto joined = numbers(rows * 3 * kWidth);
  std::vector<float> y(rows * kWidth);
  return {seconds([&] { attend_all(rows, joined, y); }),
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
  const auto all = asked_rows(count, arguments);
  if (!all) return 2;
  const auto peak = measure_peak();
  std::printf("%s: %.0f GOPS of int8, %.0f of floats\n\n| | rows | us | at the peak | share |\n",
              edgeattn_kernels_instruction_set(), peak.int8, peak.floats);
  std::puts("| --- | ---: | ---: | ---: | ---: |");
  for (const auto rows : *all) bench(rows, peak);
}
