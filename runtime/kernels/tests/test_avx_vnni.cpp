// The layer by AVX-VNNI, on every x86-64 with AVX2: where the CPU lacks it, the instruction is emulated.
//
// Both kinds of products are summed in integers, exactly, and all else is the same code: no bit may differ.
#include <algorithm>

#include "avx_vnni.hpp"
#include "expectations.hpp"
#include "instruction_set.hpp"
#include "layer_in_doubles.hpp"
#include "threads.hpp"

using namespace edgeattn::kernels;

namespace {

std::vector<float> run(const PackedLayer& layer, std::size_t rows, const std::vector<float>& x) {
  std::vector<float> y(rows * layer.columns), sum(rows * layer.columns);
  run_layer(layer, {rows, x.data(), nullptr, y.data(), sum.data()}, InOrder());
  return layer.norm == Norm::kNone ? sum : y;
}

void expect_same(const Form& form, std::size_t rows, Random& random) {
  const auto own = make_layer(form, random);
  const auto x = floats(random, rows * form.inner, -1, 1.5f);
  const auto pairs = run(pack_layer(own.parameters, HWY_AVX2, Products::kPairs), rows, x);
  const auto quads = run(pack_layer(own.parameters, HWY_AVX2, Products::kQuads), rows, x);
  expect(pairs == quads, "M=", rows, " K=", form.inner, " N=", form.columns, " gate=", form.gate, " bits=",
         form.bits, " block=", form.block);
}

void extremes() {
  for (const int value : {127, -128}) {
    const std::size_t inner = 512, columns = 20;
    const std::vector<std::int8_t> weight(inner * columns, static_cast<std::int8_t>(value));
    const std::vector<float> scale(columns, 1.f), x(inner, 255.f);
    LayerParameters p;
    p.inner = inner;
    p.columns = columns;
    p.weight = weight.data();
    p.scale = scale.data();
    const auto answer = run(pack_layer(p, HWY_AVX2, Products::kQuads), 1, x);
    const float expected = 255.f * static_cast<float>(value) * static_cast<float>(inner);
    expect(answer == std::vector<float>(columns, expected), answer[0], " for ", expected);
  }
}

}  // namespace

int main() {
  if (std::count(targets().begin(), targets().end(), HWY_AVX2) == 0) {
    std::printf("not run: this CPU has no AVX2\n");
    return 0;
  }
  avx_vnni::emulate();
  Random random(7);
  for (const std::size_t rows : {1, 5, 13})
    for (const std::size_t inner : {1, 3, 16, 37, 100})
      for (const std::size_t columns : {1, 7, 16, 50}) expect_same({inner, columns}, rows, random);
  expect_same({384, 96, Activation::kGelu, Norm::kLayer, false, true, true, true}, 12, random);
  expect_same({64, 24, Activation::kSilu, Norm::kNone, true, true, true, false, 8}, 9, random);
  expect_same({64, 24, Activation::kNone, Norm::kRms, false, false, false, false, 4, 32}, 9, random);
  extremes();
  if (has_dot_product(HWY_AVX2)) {
    std::printf("by the CPU itself\n");
  } else {
    expect(avx_vnni::executed > 0, "no instruction was emulated");
    std::printf("%llu instructions emulated\n", static_cast<unsigned long long>(avx_vnni::executed));
  }
  return summary();
}
