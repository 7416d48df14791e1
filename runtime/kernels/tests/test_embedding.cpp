// The embedding kernel against doubles, for every instruction set of this CPU.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "embedding_kernel.hpp"
#include "expectations.hpp"
#include "tested_targets.hpp"
#include "threads.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr double kBound = 2e-6;  // of a row's largest value, or of 1
constexpr std::size_t kTableRows = 50;
constexpr float kEpsilon = 1e-5f;

// Some lookups of random ids, the second in int8, the last the same for each batch; and what is expected.
struct Case {
  std::size_t batch, sequence, width, lookups;
  Norm norm;
  std::vector<std::int64_t> ids[kMostLookups];
  std::vector<float> table[kMostLookups], scale, norm_scale, norm_bias;
  std::vector<std::int8_t> bytes;

  void fill() {
    std::mt19937 random(static_cast<std::uint32_t>(width + 7 * sequence));
    std::normal_distribution<float> normal;
    std::uniform_int_distribution<int> byte(-127, 127), id(-static_cast<int>(kTableRows), kTableRows - 1);
    const auto floats = [&](std::size_t count) {
      std::vector<float> values(count);
      for (auto& value : values) value = normal(random);
      return values;
    };
    for (std::size_t i = 0; i < lookups; ++i) {
      ids[i].resize(i == 2 ? sequence : batch * sequence);
      for (auto& each : ids[i]) each = id(random);
      table[i] = floats(kTableRows * width);
    }
    scale = floats(kTableRows), norm_scale = floats(width), norm_bias = floats(width);
    bytes.resize(kTableRows * width);
    for (auto& value : bytes) value = static_cast<std::int8_t>(byte(random));
  }

  EmbeddingCall call(float* y) const {
    EmbeddingCall call;
    for (std::size_t i = 0; i < lookups; ++i) {
      call.lookups[i] = {ids[i].data(), ids[i].size(), kTableRows, table[i].data(), nullptr, nullptr};
      if (i == 1)
        call.lookups[i] = {ids[i].data(), ids[i].size(), kTableRows, nullptr, bytes.data(), scale.data()};
    }
    call.lookup_count = lookups;
    call.rows = batch * sequence, call.width = width;
    call.norm = {norm, kEpsilon};
    call.norm_scale = norm_scale.data(), call.norm_bias = norm_bias.data();
    call.y = y;
    return call;
  }

  double looked_up(std::size_t i, std::size_t row, std::size_t k) const {
    const auto id = ids[i][row % ids[i].size()];
    const auto at = static_cast<std::size_t>(id < 0 ? id + static_cast<std::int64_t>(kTableRows) : id);
    return i == 1 ? static_cast<double>(bytes[at * width + k]) * scale[at] : table[i][at * width + k];
  }

  std::vector<double> expected(std::size_t row) const {
    std::vector<double> y(width);
    double mean = 0, variance = 0;
    for (std::size_t k = 0; k < width; ++k) {
      for (std::size_t i = 0; i < lookups; ++i) y[k] += looked_up(i, row, k);
      mean += y[k] / static_cast<double>(width);
    }
    if (norm == Norm::kNone) return y;
    if (norm == Norm::kRms) mean = 0;
    for (const auto value : y) variance += (value - mean) * (value - mean) / static_cast<double>(width);
    for (std::size_t k = 0; k < width; ++k)
      y[k] = (y[k] - mean) / std::sqrt(variance + kEpsilon) * norm_scale[k] + norm_bias[k];
    return y;
  }
};

void against_doubles(Case c, const Parallel& threads, std::int64_t target) {
  c.fill();
  std::vector<float> y(c.batch * c.sequence * c.width, std::numeric_limits<float>::quiet_NaN());
  embed(c.call(y.data()), threads, target);
  for (std::size_t row = 0; row < c.batch * c.sequence; ++row) {
    const auto expected = c.expected(row);
    double largest = 1, worst = 0;
    for (std::size_t k = 0; k < c.width; ++k) {
      largest = std::max(largest, std::fabs(expected[k]));
      const auto off = std::fabs(y[row * c.width + k] - expected[k]);
      worst = std::isnan(off) ? std::numeric_limits<double>::infinity() : std::max(worst, off);
    }
    expect(worst <= kBound * largest, hwy::TargetName(target), ": row ", row, " of ", c.width, " from ",
           c.lookups, " tables is off by ", worst);
  }
}

void refusals() {
  Case c{1, 3, 4, 2, Norm::kLayer, {}, {}, {}, {}, {}, {}};
  c.fill();
  std::vector<float> y(12);
  for (const std::int64_t id :
       {static_cast<std::int64_t>(kTableRows), -static_cast<std::int64_t>(kTableRows) - 1,
        std::numeric_limits<std::int64_t>::min()}) {
    c.ids[1][2] = id;
    expect_error("for a table of 50 rows", [&] { embed(c.call(y.data()), InOrder()); });
  }
}

}  // namespace

int main() {
  const Threads three(3);
  const Parallel& in_order = InOrder();
  for (const auto target : tested_targets())
    for (const auto norm : {Norm::kNone, Norm::kLayer, Norm::kRms})
      for (const std::size_t width : {1, 5, 16, 33, 384, 1100})
        for (std::size_t lookups = 1; lookups <= kMostLookups; ++lookups) {
          const Case c{2, 9, width, lookups, norm, {}, {}, {}, {}, {}, {}};
          against_doubles(c, in_order, target);
          against_doubles(c, three, target);
          against_doubles({0, 9, width, lookups, norm, {}, {}, {}, {}, {}, {}}, in_order, target);
        }
  refusals();
  return summary();
}
