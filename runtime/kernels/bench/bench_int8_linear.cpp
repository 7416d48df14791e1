// How many products a second the layer computes, by shape, on one thread of this CPU.
//
//     bench_int8_linear [ROWS...]        1, 16 and 128 where none are given
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "edgeattn_kernels.h"
#include "instruction_set.hpp"
#include "int8_layer.hpp"

using namespace edgeattn::kernels;

namespace {

using Clock = std::chrono::steady_clock;

// MiniLM's linear layers: query, key and value in one; output; up; down.
constexpr std::size_t kShapes[][2] = {{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}};

/// Returns the median microseconds of one run.
double microseconds(const PackedLayer& layer, const LayerRows& rows) {
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::milliseconds(300);
  while (Clock::now() < end) {
    const auto start = Clock::now();
    run_layer(layer, rows, InOrder());
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

void bench(std::size_t rows, std::size_t inner, std::size_t columns) {
  const std::vector<std::int8_t> weight(inner * columns, 3);
  const std::vector<float> scale(columns, .01f), bias(columns, 0);
  LayerParameters parameters;
  parameters.inner = inner;
  parameters.columns = columns;
  parameters.weight = weight.data();
  parameters.scale = scale.data();
  parameters.bias = bias.data();
  std::vector<float> x(rows * inner), y(rows * columns);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 251) - 125;
  const auto layer = pack_layer(parameters, targets().front());
  const double time = microseconds(layer, {rows, x.data(), nullptr, y.data(), nullptr});
  const double products =
      2e-3 * static_cast<double>(rows * inner * columns);  // a product and a sum, in thousands
  std::printf("%5zu x %4zu x %4zu %10.1f us %8.1f GOPS\n", rows, inner, columns, time, products / time);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::size_t> all = {1, 16, 128};
  if (count > 1) all.clear();
  for (int i = 1; i < count; ++i) all.push_back(std::strtoull(arguments[i], nullptr, 10));
  std::printf("%s\n", edgeattn_kernels_instruction_set());
  for (const auto rows : all)
    for (const auto& [inner, columns] : kShapes) bench(rows, inner, columns);
}
