// Products in bf16 beside doubles: packing, tails and sums that go on, by a double of AMX's instructions and by
// portable pairs, on every CPU. AMX itself is in test_attention, where the CPU has it.
#define HWY_COMPILE_ONLY_STATIC  // portable vectors
#include "compiled_for.hpp"
//
#include <cmath>
#include <random>
#include <vector>

#include "bf16_product-inl.h"
#include "expectations.hpp"
#include "plain_registers.hpp"

using namespace edgeattn::kernels;

namespace {

namespace portable = edgeattn::kernels::HWY_NAMESPACE;
using portable::Bf16;
using portable::kBf16Inner;
using portable::kPanel;
using portable::Rows;
using Double = PlainRegisters<portable::TileShapes>;

// Rounding to bf16 moves each of two factors by 2^-8 of it at most.
constexpr double kBound = 1.01 / 128;

std::vector<float> numbers(std::mt19937& random, std::size_t count) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (auto& value : values) value = normal(random);
  return values;
}

// What both sides of a product are: the right one's rows are its columns, or its inner dimension.
struct Sides {
  std::size_t rows, inner, columns;
  bool of_columns;
  std::vector<float> left, right;

  float at(std::size_t k, std::size_t column) const {
    return of_columns ? right[column * inner + k] : right[k * columns + column];
  }
};

template <class Way>
void expect_exact(const char* name, const Sides& sides) {
  const auto padded = round_up(sides.inner, kBf16Inner), columns = round_up(sides.columns, kPanel);
  Buffer<Bf16> left(sides.rows * padded), right(columns * padded), memory(kPanel * padded);
  for (std::size_t i = 0; i < sides.rows; ++i)
    portable::round_row(sides.left.data() + i * sides.inner, sides.inner, padded, 1,
                        left.data() + i * padded);
  if (sides.of_columns)
    portable::pack_columns(Rows{sides.right.data(), sides.inner}, sides.columns, sides.inner, padded,
                           memory.data(), right.data());
  else
    portable::pack_rows(Rows{sides.right.data(), sides.columns}, sides.inner, sides.columns, padded,
                        right.data());
  const auto stride = columns + 3;
  std::vector<float> sums(sides.rows * stride, -7);
  const Way way(sides.rows);
  const portable::Bf16Panels panels{right.data(), padded};
  way.template multiply<true>(sides.rows, left.data(), padded, panels, padded, columns / kPanel, sums.data(),
                              stride);
  way.template multiply<false>(sides.rows, left.data(), padded, panels, padded, columns / kPanel, sums.data(),
                               stride);
  bool exact = true, in_place = true;
  for (std::size_t i = 0; i < sides.rows; ++i)
    for (std::size_t c = 0; c < stride; ++c) {
      double sum = 0, reach = 0;
      for (std::size_t k = 0; c < sides.columns && k < sides.inner; ++k) {
        const double product = double{sides.left[i * sides.inner + k]} * sides.at(k, c);
        sum += 2 * product, reach += 2 * std::abs(product);
      }
      const auto found = sums[i * stride + c];
      if (c < columns)
        exact &= std::abs(found - sum) <= kBound * reach;
      else
        in_place &= found == -7;
    }
  const auto form = words(name, ": ", sides.rows, " by ", sides.inner, " by ", sides.columns,
                          sides.of_columns ? ", from columns" : ", from rows");
  expect(exact, form, ": beyond the rounding to bf16");
  expect(in_place, form, ": written behind the last panel");
}

}  // namespace

int main() {
  std::mt19937 random(3);
  for (const std::size_t rows : {1, 2, 5, 6, 11, 12, 15, 16})
    for (const std::size_t inner : {1, 31, 32, 33, 64, 100})
      for (const std::size_t columns : {1, 16, 17, 40, 64, 128, 130})
        for (const bool of_columns : {false, true}) {
          const Sides sides{rows, inner, columns, of_columns, numbers(random, rows * inner),
                            numbers(random, inner * columns)};
          expect_exact<portable::Bf16Tiles<Double>>("tiles", sides);
          if (rows <= portable::Bf16Pairs::kRows) expect_exact<portable::Bf16Pairs>("pairs", sides);
        }
  expect(Double::configured > 0, "no tile was configured");
  return summary();
}
