// The layer by tiles beside dot products: packing, tails and blocks by a double of AMX's instructions, on
// every x86-64. AMX itself is in test_int8_layer, where the CPU has it.
//
// Both are summed in integers, exactly, and all else is the same code: no bit may differ.
#define HWY_COMPILE_ONLY_STATIC  // portable vectors
#include "compiled_for.hpp"
//
#include "expectations.hpp"
#include "instruction_set.hpp"
#include "layer_in_doubles.hpp"
#include "pack-inl.h"
#include "plain_registers.hpp"
#include "run_layer-inl.h"
#include "threads.hpp"

using namespace edgeattn::kernels;

namespace {

namespace portable = edgeattn::kernels::HWY_NAMESPACE;
using Double = PlainRegisters<portable::TileShapes>;
using PlainTiles = portable::Tiles<Double>;

/// Rows, and what a layer made of them.
struct Answers {
  std::vector<float> x, residual, y, sum;

  Answers(const Form& form, std::size_t count, Random& random)
      : x(floats(random, count * form.inner, -1, 1.5f)),
        residual(floats(random, count * form.columns, -1, 1)),
        y(count * form.columns),
        sum(y.size()) {
    for (std::size_t m = 0; m < count; ++m)
      add_outliers(random, x.data() + m * form.inner, form.inner, random() % 3, 30);
  }

  LayerRows rows(std::size_t count) {
    return {count, x.data(), count % 2 ? residual.data() : nullptr, y.data(), sum.data()};
  }
  bool operator==(const Answers& other) const { return sum == other.sum && y == other.y; }
};

/// Compares two ways to pack and run a layer.
template <class One, class Other>
void expect_alike(const char* name, const Form& form, std::size_t count, Random& random, const One& one,
                  const Other& other) {
  const auto own = make_layer(form, random);
  Answers first(form, count, random), second = first;
  one(own.parameters, first.rows(count));
  other(own.parameters, second.rows(count));
  expect(first == second, name, ": M=", count, " K=", form.inner, " N=", form.columns,
         " activation=", static_cast<int>(form.activation), " norm=", static_cast<int>(form.norm),
         " gate=", form.gate, " bits=", form.bits);
}

template <class One, class Other>
void expect_all_alike(const char* name, const One& one, const Other& other) {
  Random random(7);
  for (const std::size_t rows : {1, 3, 4, 16, 17, 31, 33, 50})
    for (const std::size_t inner : {1, 64, 65, 200})
      for (const std::size_t columns : {1, 48, 97})
        expect_alike(name, {inner, columns}, rows, random, one, other);
  for (int i = 0; i < 60; ++i)
    expect_alike(name, any_form(random, 260, 160), 1 + random() % 80, random, one, other);
  expect_alike(name, {4096, 50}, 70, random, one, other);  // several chunks
}

void by_the_double() {
  expect_all_alike(
      "the double",
      [](const LayerParameters& p, const LayerRows& rows) {
        portable::run<PlainTiles>(portable::pack<PlainTiles>(p, HWY_EMU128), rows, InOrder());
      },
      [](const LayerParameters& p, const LayerRows& rows) {
        portable::run<portable::Quads>(portable::pack<portable::Quads>(p, HWY_EMU128), rows, InOrder());
      });
  expect(Double::configured > 0, "no tile was configured");
}

}  // namespace

int main() {
  by_the_double();
  return summary();
}
