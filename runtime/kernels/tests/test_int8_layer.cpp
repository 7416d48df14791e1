// The layer against doubles, for every instruction set of this CPU.
#include <limits>

#include "expectations.hpp"
#include "instruction_set.hpp"
#include "layer_in_doubles.hpp"
#include "product_choice.hpp"
#include "tested_targets.hpp"
#include "threads.hpp"

using namespace edgeattn::kernels;

namespace {

struct Run {
  std::vector<float> y, sum;
};

Run run(const PackedLayer& layer, std::size_t rows, const std::vector<float>& x, const float* residual,
        const Parallel& threads) {
  Run answer{std::vector<float>(rows * layer.columns, 77.f), std::vector<float>(rows * layer.columns, 77.f)};
  run_layer(layer, {rows, x.data(), residual, answer.y.data(), answer.sum.data()}, threads);
  return answer;
}

/// Returns by how many times its bound an answer is off, at worst.
double excess(const std::vector<Bounded>& expected, const float* answer) {
  double worst = 0;
  for (std::size_t n = 0; n < expected.size(); ++n) {
    const double off = std::fabs(expected[n].value - answer[n]) / (expected[n].error + 1e-30);
    worst = std::isnan(off) ? INFINITY : std::max(worst, off);
  }
  return worst;
}

std::string described(const Form& f, std::size_t rows, std::int64_t target) {
  return words(hwy::TargetName(target), " M=", rows, " K=", f.inner, " N=", f.columns,
               " activation=", static_cast<int>(f.activation), " norm=", static_cast<int>(f.norm),
               " gate=", f.gate, " bits=", f.bits, " block=", f.block, " narrow=", f.narrow);
}

void expect_right(const Form& form, std::size_t rows, Random& random, const std::vector<float>& x) {
  const auto own = make_layer(form, random);
  const auto residual = floats(random, rows * form.columns, -1, 1);
  const float* added = rows % 2 ? residual.data() : nullptr;
  for (const auto target : tested_targets()) {
    const auto layer = pack_layer(own.parameters, target);
    const auto answer = run(layer, rows, x, added, InOrder());
    double worst = 0, worst_sum = 0;
    for (std::size_t m = 0; m < rows; ++m) {
      const auto expected = sums(own, x.data() + m * form.inner, added ? added + m * form.columns : nullptr);
      worst_sum = std::max(worst_sum, excess(expected, answer.sum.data() + m * form.columns));
      worst = std::max(worst, excess(normed(own, expected), form.norm == Norm::kNone
                                                                ? answer.sum.data() + m * form.columns
                                                                : answer.y.data() + m * form.columns));
    }
    expect(worst <= 1 && worst_sum <= 1, described(form, rows, target), ": off by ", worst, " and ",
           worst_sum, " bounds");

    auto alone = std::vector<float>(rows * form.columns);
    run_layer(layer, {rows, x.data(), added, alone.data(), nullptr}, Threads(3));
    const auto& same = form.norm == Norm::kNone ? answer.sum : answer.y;
    expect(alone == same, described(form, rows, target),
           ": another answer by three threads and without `sum`");
  }
}

void expect_right(const Form& form, std::size_t rows, Random& random, float size = 1) {
  expect_right(form, rows, random, floats(random, rows * form.inner, -1.f * size, 1.5f * size));
}

void shapes() {
  Random random(1);
  for (const std::size_t rows : {0, 1, 5, 13, 40})
    for (const std::size_t inner : {1, 2, 3, 5, 16, 37, 100, 386})
      for (const std::size_t columns : {1, 7, 16, 50, 97}) expect_right({inner, columns}, rows, random);
}

void forms() {
  Random random(2);
  for (int i = 0; i < 400; ++i) {
    const auto form = any_form(random, 70, 120, true);
    expect_right(form, random() % 20, random);
  }
}

void large_layers() {
  Random random(3);
  expect_right({1536, 384, Activation::kNone, Norm::kLayer, false, true, true, true}, 150, random);
  expect_right({384, 1536, Activation::kGelu, Norm::kNone, false, true, true}, 301, random);
  expect_right({4096, 11}, 1, random);
  expect_right({kMaxInner, 3}, 2, random);
  expect_right({64, 40}, 3000, random);
}

/// Rows with outliers: none, as many as are kept apart, and more; few to many times as far as other values.
void outliers() {
  Random random(10);
  for (const std::size_t inner : {127, 128, 200, 389, 1536, 2111})
    for (const float low : {-1.f, 0.f, .5f, -1.5f})
      for (const float size : {1.f, 3.f, 15.f, 40.f, 1e4f}) {
        const std::size_t rows = 18;
        auto x = floats(random, rows * inner, low, low < -1 ? 0 : 1);
        for (std::size_t m = 0; m < rows; ++m)
          add_outliers(random, x.data() + m * inner, inner, random() % (inner / 64 + 2), size);
        expect_right({inner, 50}, rows, random, x);
      }
  auto x = floats(random, 5 * 640, -1, 1);
  for (std::size_t m = 0; m < 5; ++m) add_outliers(random, x.data() + m * 640, 640, m, 30);
  expect_right({640, 50, Activation::kGelu, Norm::kLayer, true, true, true, true, 4, 64}, 5, random, x);
}

void magnitudes() {
  Random random(4);
  for (const float size : {1e-40f, 1e-30f, 1e-10f, 1e10f, 1e30f}) expect_right({37, 20}, 3, random, size);
}

/// What a CPU can multiply by answers alike, bit by bit.
void products_alike() {
  Random random(8);
  for (const auto target : tested_targets()) {
    const auto ways = products_of(target);
    for (const auto way : {ways.usual, ways.other.value_or(ways.usual)})
      for (int i = 0; i < 120; ++i) {
        const auto form = any_form(random, 260, 160, true);
        const std::size_t rows = 1 + random() % 80;
        const auto own = make_layer(form, random);
        auto x = floats(random, rows * form.inner, -1, 1.5f);
        for (std::size_t m = 0; m < rows; ++m)
          add_outliers(random, x.data() + m * form.inner, form.inner, random() % 3, 30);
        const auto first =
            run(pack_layer(own.parameters, target, Products::kPairs), rows, x, nullptr, InOrder());
        const auto other = run(pack_layer(own.parameters, target, way), rows, x, nullptr, Threads(3));
        expect(first.sum == other.sum && (form.norm == Norm::kNone || first.y == other.y),
               described(form, rows, target), ": another answer by products ", static_cast<int>(way));
      }
  }
}

/// A row's answer is the same beside others, by whatever loop their number takes.
void rows_alike() {
  Random random(10);
  for (const auto target : tested_targets())
    for (int i = 0; i < 60; ++i) {
      const auto form = any_form(random, 260, 160, true);
      const std::size_t rows = 2 + random() % 40;
      const auto own = make_layer(form, random);
      auto x = floats(random, rows * form.inner, -1, 1.5f);
      for (std::size_t m = 0; m < rows; ++m)
        add_outliers(random, x.data() + m * form.inner, form.inner, random() % 3, 30);
      const auto layer = pack_layer(own.parameters, target);
      const auto all = run(layer, rows, x, nullptr, InOrder());
      for (std::size_t first = 0; first < rows;) {
        const auto count = std::min<std::size_t>(1 + random() % 9, rows - first);
        const auto some = run(layer, count, {x.begin() + first * form.inner, x.end()}, nullptr, InOrder());
        expect(std::equal(some.sum.begin(), some.sum.end(), all.sum.begin() + first * form.columns),
               described(form, count, target), ": another answer than among ", rows, " rows");
        first += count;
      }
    }
}

/// Where a CPU has two ways, one is chosen for each shape by a measurement, once.
void choices() {
  Random random(9);
  const auto target = tested_targets().front();
  const auto ways = products_of(target);
  const auto own = make_layer({384, 96}, random);
  const auto chosen = choose_products(own.parameters, target);
  expect(chosen == ways.usual || chosen == ways.other, "a product that the CPU lacks");
  expect(chosen == choose_products(own.parameters, target), "another choice for the same shape");
  const bool listed = chosen_products().find("384 x 96: ") != std::string::npos;
  expect(listed == ways.other.has_value(), "choices are '", chosen_products(), "'");
  std::printf("choices:\n%s", chosen_products().c_str());
}

/// Weights and activations at their ends: the greatest sums, which saturate where pairs are added in 16 bits.
void extremes() {
  for (const auto target : tested_targets())
    for (const int value : {127, -128}) {
      const std::size_t inner = 512, columns = 20;
      const std::vector<std::int8_t> weight(inner * columns, static_cast<std::int8_t>(value));
      const std::vector<float> scale(columns, 1.f), x(inner, 255.f);
      LayerParameters p;
      p.inner = inner;
      p.columns = columns;
      p.weight = weight.data();
      p.scale = scale.data();
      const auto answer = run(pack_layer(p, target), 1, x, nullptr, InOrder());
      const float expected = 255.f * static_cast<float>(value) * static_cast<float>(inner);
      expect(answer.sum == std::vector<float>(columns, expected), hwy::TargetName(target), ": ",
             answer.sum[0], " for ", expected);
    }
}

/// Not a number or infinite: the row, and no other.
void not_finite() {
  Random random(5);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), INFINITY, -INFINITY})
    for (const auto activation : {Activation::kNone, Activation::kGelu, Activation::kGeluTanh,
                                  Activation::kRelu, Activation::kSilu, Activation::kTanh})
      for (const auto norm : {Norm::kNone, Norm::kLayer, Norm::kRms}) {
        const auto own = make_layer({37, 21, activation, norm}, random);
        auto x = floats(random, 3 * 37, -1, 1);
        for (const auto target : tested_targets()) {
          const auto layer = pack_layer(own.parameters, target);
          const auto clean = run(layer, 3, x, nullptr, InOrder());
          auto spoiled = x;
          spoiled[37 + random() % 37] = bad;
          const auto answer = run(layer, 3, spoiled, nullptr, InOrder());
          const auto& y = norm == Norm::kNone ? answer.sum : answer.y;
          const auto& before = norm == Norm::kNone ? clean.sum : clean.y;
          bool held = true;
          for (std::size_t i = 0; i < 63; ++i)
            held = held && (i / 21 == 1 ? std::isnan(y[i]) : y[i] == before[i]);
          expect(held, hwy::TargetName(target), ": a row with ", bad, " through activation ",
                 static_cast<int>(activation));
        }
      }
}

/// The bounds above are tight enough to tell one weight that is off by one.
void bounds_can_fail() {
  Random random(6);
  const auto own = make_layer({384, 16}, random);
  const auto x = floats(random, 384, .5f, 1.5f);
  auto other = own;
  other.weight[5 * 384 + 7] ^= 1;
  const auto answer = run(pack_layer(own.parameters, tested_targets().front()), 1, x, nullptr, InOrder());
  expect(excess(sums(own, x.data(), nullptr), answer.sum.data()) <= 1, "the same weights");
  expect(excess(sums(other, x.data(), nullptr), answer.sum.data()) > 1, "a weight off by one passes");
}

}  // namespace

int main() {
  choices();  // first: time for measurements is bounded
  shapes();
  forms();
  large_layers();
  outliers();
  magnitudes();
  extremes();
  not_finite();
  products_alike();
  rows_alike();
  bounds_can_fail();
  std::printf("instruction sets:");
  for (const auto target : tested_targets())
    std::printf(" %s%s", hwy::TargetName(target), has_dot_product(target) ? " with dot products" : "");
  std::printf("\n");
  return summary();
}
