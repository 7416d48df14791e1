// All six layers of MiniLM by their operators, on one thread of this CPU: each has weights of its own, which
// do not stay in a core's caches.
//
//     bench_model [ROWS...]        1, 16 and 128 where none are given
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "attention_kernel.hpp"
#include "edgeattn_kernels.h"
#include "instruction_set.hpp"
#include "int8_layer.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr std::size_t kWidth = 384, kHidden = 1536, kHeads = 12, kSize = kWidth / kHeads, kLayers = 6;
constexpr std::size_t kParts = 5;  // query, key and value; attention; output; up; down

using Clock = std::chrono::steady_clock;
using Seconds = std::array<double, kParts * kLayers>;  // of each call

std::vector<float> numbers(std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<float>(i * 37 % 251) / 125 - 1;
  return all;
}

PackedLayer linear(std::size_t inner, std::size_t columns, Activation activation, Norm norm) {
  std::vector<std::int8_t> weight(inner * columns);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<std::int8_t>(i * 31 % 251 - 125);
  const std::vector<float> scale(columns, 1e-4f), ones(columns, 1), smoothing(inner, 1);
  LayerParameters p;
  p.inner = inner;
  p.columns = columns;
  p.weight = weight.data();
  p.scale = scale.data();
  p.smoothing = smoothing.data();
  p.bias = ones.data();
  p.activation = activation;
  p.norm = norm;
  p.epsilon = 1e-12f;
  return pack_layer(p, targets().front());
}

/// An encoder's layer, as numbers that the operators hand on.
class Model {
 public:
  explicit Model(std::size_t rows)
      : rows_(rows),
        x_(numbers(rows * kWidth)),
        packed_(3 * x_.size()),
        attended_(x_.size()),
        normed_(x_.size()),
        hidden_(rows * kHidden) {
    for (std::size_t i = 0; i < kLayers; ++i) {
      layers_.push_back(linear(kWidth, 3 * kWidth, Activation::kNone, Norm::kNone));
      layers_.push_back(linear(kWidth, kWidth, Activation::kNone, Norm::kLayer));
      layers_.push_back(linear(kWidth, kHidden, Activation::kGeluTanh, Norm::kNone));
      layers_.push_back(linear(kHidden, kWidth, Activation::kNone, Norm::kLayer));
    }
  }

  Seconds run() {
    Seconds seconds{};
    auto last = Clock::now();
    auto* call = seconds.data();
    const auto lap = [&] {
      const auto now = Clock::now();
      *call++ = std::chrono::duration<double>(now - last).count();
      last = now;
    };
    for (std::size_t i = 0; i < layers_.size(); i += 4) {
      run_layer(layers_[i], {rows_, x_.data(), nullptr, packed_.data(), nullptr}, InOrder());
      lap();
      attend_all();
      lap();
      run_layer(layers_[i + 1], {rows_, attended_.data(), x_.data(), normed_.data(), nullptr}, InOrder());
      lap();
      run_layer(layers_[i + 2], {rows_, normed_.data(), nullptr, hidden_.data(), nullptr}, InOrder());
      lap();
      run_layer(layers_[i + 3], {rows_, hidden_.data(), normed_.data(), x_.data(), nullptr}, InOrder());
      lap();
    }
    return seconds;
  }

 private:
  void attend_all() {
    const auto part = [&](std::size_t i) {
      return Heads<const float>{packed_.data() + i * kWidth, packed_.size(), kSize, 3 * kWidth};
    };
    AttentionCall call;
    call.batch = 1;
    call.heads = call.key_heads = kHeads;
    call.queries = rows_;
    call.head_size = call.value_size = kSize;
    call.query = part(0);
    call.spans[1] = {part(1), part(2), rows_};
    call.y = {attended_.data(), attended_.size(), kSize, kWidth};
    attend(call, InOrder());
  }

  std::size_t rows_;
  std::vector<PackedLayer> layers_;
  std::vector<float> x_, packed_, attended_, normed_, hidden_;
};

void print(std::size_t rows, const char* name, const Seconds& seconds) {
  std::printf("| %zu | %s", rows, name);
  double all = 0;
  for (std::size_t part = 0; part < kParts; ++part) {
    double sum = 0;
    for (std::size_t i = part; i < seconds.size(); i += kParts) sum += seconds[i];
    std::printf(" | %.1f", sum * 1e6);
    all += sum;
  }
  std::printf(" | %.1f |\n", all * 1e6);
}

void bench(std::size_t rows) {
  Model model(rows);
  std::vector<Seconds> runs;
  for (int i = 0; i < 5; ++i) model.run();
  const auto end = Clock::now() + std::chrono::seconds(1);
  while (runs.size() < 20 || Clock::now() < end) runs.push_back(model.run());
  Seconds median{}, least{};
  for (std::size_t call = 0; call < least.size(); ++call) {
    std::vector<double> times;
    for (const auto& run : runs) times.push_back(run[call]);
    std::sort(times.begin(), times.end());
    median[call] = times[times.size() / 2];
    least[call] = times.front();
  }
  print(rows, "median", median);
  print(rows, "least", least);
}

}  // namespace

int main(int count, char** arguments) {
  std::printf("%s: us of calls, summed\n\n", edgeattn_kernels_instruction_set());
  std::puts("| rows | | query, key, value | attention | output | up | down | all |");
  std::puts("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  if (count == 1)
    for (const std::size_t rows : {1, 16, 128}) bench(rows);
  for (int i = 1; i < count; ++i) {
    const auto rows = std::strtoull(arguments[i], nullptr, 10);
    if (rows == 0 || rows > 4096) {
      std::fprintf(stderr, "bench_model: %s: rows from 1 to 4096 expected\n", arguments[i]);
      return 2;
    }
    bench(rows);
  }
}
