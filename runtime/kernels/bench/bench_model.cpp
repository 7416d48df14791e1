// All six layers of MiniLM by their operators, on one thread of this CPU: each has weights of its own, which
// do not stay in a core's caches.
//
//     bench_model [ROWS...]        1, 16 and 128 where none are given
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "edgeattn_kernels.h"
#include "encoder_layer.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr std::size_t kLayers = 6;
constexpr std::size_t kParts = 5;  // query, key and value; attention; output; up; down

using Clock = std::chrono::steady_clock;
using Seconds = std::array<double, kParts * kLayers>;  // of each call

/// An encoder's layer, as numbers that the operators hand on.
class Model {
 public:
  explicit Model(std::size_t rows)
      : rows_(rows),
        x_(numbers(rows * kWidth)),
        joined_(3 * x_.size()),
        attended_(x_.size()),
        normed_(x_.size()),
        hidden_(rows * kHidden) {
    for (std::size_t i = 0; i < kLayers; ++i)
      for (const auto& linear : kLinears) layers_.push_back(packed(linear));
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
      run_layer(layers_[i], {rows_, x_.data(), nullptr, joined_.data(), nullptr}, InOrder());
      lap();
      attend_all(rows_, joined_, attended_);
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
  std::size_t rows_;
  std::vector<PackedLayer> layers_;
  std::vector<float> x_, joined_, attended_, normed_, hidden_;
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
  const auto all = asked_rows(count, arguments);
  if (!all) return 2;
  std::printf("%s: us of calls, summed\n\n", edgeattn_kernels_instruction_set());
  std::puts("| rows | | query, key, value | attention | output | up | down | all |");
  std::puts("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const auto rows : *all) bench(rows);
}
