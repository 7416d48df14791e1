// The attention kernel against doubles, for every instruction set of this CPU; and what its layout refuses.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "attention_layout.hpp"
#include "expectations.hpp"
#include "tested_targets.hpp"
#include "threads.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Bound of the error, as a share of the largest value: rounding of sums over a head and over keys, and of
// e^x.
constexpr double kBound = 2e-6;

enum class MaskType { kNone, kFloat, kBool };

// A node's tensors, of random numbers.
struct Case {
  std::string name;
  std::int64_t batch = 1, heads = 2, key_heads = 2, queries = 5, keys = 5, past = 0, size = 8, value_size = 8;
  bool flat = false;    // of rank 3
  bool packed = false;  // query, key and value in one tensor
  bool present = false;
  MaskType mask_type = MaskType::kNone;
  Shape mask_shape = {};
  bool causal = false;
  float scale = 0, softcap = 0, magnitude = 1;
  double bound = kBound;
  std::function<void(Case&)> change = nullptr;  // of the numbers

  std::vector<float> q, k, v, past_k, past_v, mask, all;
  std::vector<std::uint8_t> shown;

  std::int64_t total() const { return past + keys; }

  void fill(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    const auto numbers = [&](std::int64_t count, float factor) {
      std::vector<float> values(static_cast<std::size_t>(count));
      for (auto& value : values) value = normal(random) * factor;
      return values;
    };
    q = numbers(batch * heads * queries * size, magnitude);
    k = numbers(batch * key_heads * keys * size, magnitude);
    v = numbers(batch * key_heads * keys * value_size, magnitude);
    past_k = numbers(batch * key_heads * past * size, magnitude);
    past_v = numbers(batch * key_heads * past * value_size, magnitude);
    if (mask_type != MaskType::kNone) mask = numbers(mask_shape.elements(), 1);
    for (const float value : mask) shown.push_back(value > 0);
    if (change) change(*this);
  }

  // Where element d of a row of q (k, v) lies: in (batch, length, heads, size) where flat, else in (batch,
  // heads, length, size).
  std::size_t at(std::int64_t of_heads, std::int64_t length, std::int64_t width, std::int64_t b,
                 std::int64_t h, std::int64_t t, std::int64_t d) const {
    return static_cast<std::size_t>(flat ? ((b * length + t) * of_heads + h) * width + d
                                         : ((b * of_heads + h) * length + t) * width + d);
  }
  double key(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t d) const {
    if (t < past) return past_k[static_cast<std::size_t>(((b * key_heads + h) * past + t) * size + d)];
    return k[at(key_heads, keys, size, b, h, t - past, d)];
  }
  double value(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t d) const {
    if (t < past) return past_v[static_cast<std::size_t>(((b * key_heads + h) * past + t) * value_size + d)];
    return v[at(key_heads, keys, value_size, b, h, t - past, d)];
  }

  // What is added to a score: broadcast from the right, -infinity behind a short mask's end.
  double bias(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t t) const {
    if (causal && t > past + i) return -kInfinity;
    if (mask_type == MaskType::kNone) return 0;
    if (t >= mask_shape.last()) return -kInfinity;
    const std::int64_t place[] = {b, h, i, t};
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < mask_shape.rank(); ++axis)
      offset = offset * mask_shape[axis] + (mask_shape[axis] == 1 ? 0 : place[axis + 4 - mask_shape.rank()]);
    if (mask_type == MaskType::kFloat) return mask[static_cast<std::size_t>(offset)];
    return shown[static_cast<std::size_t>(offset)] ? 0 : std::numeric_limits<float>::lowest();
  }

  std::vector<double> expected() const {
    std::vector<double> y(static_cast<std::size_t>(batch * heads * queries * value_size));
    const double factor = scale > 0 ? scale : 1 / std::sqrt(static_cast<double>(size));
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t h = 0; h < heads; ++h)
        for (std::int64_t i = 0; i < queries; ++i) {
          const auto kh = h / (heads / key_heads);
          std::vector<double> weights;
          bool any = false;
          for (std::int64_t t = 0; t < total(); ++t) {
            double score = 0;
            for (std::int64_t d = 0; d < size; ++d)
              score += q[at(heads, queries, size, b, h, i, d)] * key(b, kh, t, d);
            score *= factor;
            if (softcap > 0) score = softcap * std::tanh(score / softcap);
            any |= bias(b, h, i, t) > std::numeric_limits<float>::lowest();
            const double biased = score + bias(b, h, i, t);
            weights.push_back(biased < -1e3 ? static_cast<float>(biased) : biased);  // a score is lost in it
          }
          if (!any) continue;
          const double top = *std::max_element(weights.begin(), weights.end());
          double sum = 0;
          for (auto& weight : weights) sum += weight = std::exp(weight - top);
          for (std::int64_t d = 0; d < value_size; ++d) {
            double out = 0;
            for (std::int64_t t = 0; t < total(); ++t)
              out += weights[static_cast<std::size_t>(t)] * value(b, kh, t, d);
            y[at(heads, queries, value_size, b, h, i, d)] = out / sum;
          }
        }
    return y;
  }

  AttentionInputs inputs() {
    const auto floats = [](const std::vector<float>& data, const Shape& shape) {
      return Tensor{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, shape, data.data()};
    };
    const auto shape = [&](std::int64_t of_heads, std::int64_t length, std::int64_t width) {
      return flat ? Shape{batch, length, of_heads * width} : Shape{batch, of_heads, length, width};
    };
    AttentionInputs tensors;
    tensors.query = floats(q, shape(heads, queries, size));
    tensors.key = floats(k, shape(key_heads, keys, size));
    tensors.value = floats(v, shape(key_heads, keys, value_size));
    if (past || present) {
      tensors.past_key = floats(past_k, {batch, key_heads, past, size});
      tensors.past_value = floats(past_v, {batch, key_heads, past, value_size});
    }
    if (mask_type == MaskType::kFloat) tensors.mask = floats(mask, mask_shape);
    if (mask_type == MaskType::kBool)
      tensors.mask = {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, mask_shape, shown.data()};
    if (packed) {
      all.clear();
      for (std::int64_t row = 0; row < batch * queries; ++row)
        for (const auto* part : {&q, &k, &v}) {
          const auto width = static_cast<std::int64_t>(part->size()) / (batch * queries);
          all.insert(all.end(), part->begin() + row * width, part->begin() + (row + 1) * width);
        }
      const auto width = static_cast<std::int64_t>(all.size()) / (batch * queries);
      tensors.query = floats(all, {batch, queries, width});
      tensors.key = tensors.value = {};
    }
    return tensors;
  }

  AttentionAttributes attributes() const {
    return {flat ? heads : 0, flat ? key_heads : 0, causal, scale, softcap};
  }
};

struct Answer {
  std::vector<float> y, present_key, present_value;
};

Answer run(Case& test, const Parallel& parallel, std::int64_t target) {
  auto layout = lay_out(test.inputs(), test.attributes());
  const auto room = [](const Shape& shape) {
    return std::vector<float>(static_cast<std::size_t>(shape.elements()), kNan);
  };
  Answer answer{room(layout.y), {}, {}};
  if (test.present)
    answer.present_key = room(layout.present_key), answer.present_value = room(layout.present_value);
  layout.bind(answer.y.data(), test.present ? answer.present_key.data() : nullptr,
              test.present ? answer.present_value.data() : nullptr);
  attend(layout.call, parallel, target);
  return answer;
}

double worst_error(const std::vector<float>& y, const std::vector<double>& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(y[i])) continue;
    const double error = std::abs(y[i] - expected[i]);
    worst = error <= worst ? worst : error;  // a NaN is the worst
  }
  return worst;
}

void expect_exact(Case test) {
  test.fill(7);
  const auto expected = test.expected();
  double largest = 1e-30;
  for (const auto* values : {&test.v, &test.past_v})
    for (const float value : *values)
      if (std::isfinite(value)) largest = std::max<double>(largest, std::abs(value));
  for (const auto target : tested_targets()) {
    const auto name = words(test.name, " on ", hwy::TargetName(target));
    const auto answer = run(test, InOrder(), target);
    const auto error = worst_error(answer.y, expected) / largest;
    expect(error <= test.bound, name, ": error of ", error, " of the largest value");
    for (const std::size_t count : {2, 4})
      expect(std::equal(answer.y.begin(), answer.y.end(), run(test, Threads(count), target).y.begin(),
                        [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }),
             name, ": another answer with ", count, " threads");
    if (!test.present) continue;
    bool joined = true;
    std::size_t i = 0, j = 0;
    for (std::int64_t b = 0; b < test.batch; ++b)
      for (std::int64_t h = 0; h < test.key_heads; ++h)
        for (std::int64_t t = 0; t < test.total(); ++t) {
          for (std::int64_t d = 0; d < test.size; ++d)
            joined &= answer.present_key[i++] == test.key(b, h, t, d);
          for (std::int64_t d = 0; d < test.value_size; ++d)
            joined &= answer.present_value[j++] == test.value(b, h, t, d);
        }
    expect(joined, name, ": the present is not the past and what is new");
  }
}

Case named(const std::string& name) {
  Case test;
  test.name = name;
  return test;
}

void test_sizes() {
  for (const std::int64_t length : {1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 100, 127, 128, 129, 130, 260, 300})
    for (const std::int64_t size : {1, 3, 8, 17, 32, 40, 64, 80}) {
      if (length > 31 && size != 32 && size != 17) continue;
      auto test = named(words(length, " tokens, heads of ", size));
      test.queries = test.keys = length;
      test.size = size;
      test.value_size = size;
      expect_exact(test);
      test.flat = true;
      test.batch = length < 100 ? 2 : 1;
      test.name += ", rank 3";
      expect_exact(test);
    }
  auto apart = named("values wider than keys");
  apart.size = 5;
  apart.value_size = 21;
  expect_exact(apart);
  auto cross = named("cross attention");
  cross.queries = 9;
  cross.keys = 140;
  expect_exact(cross);
  auto one = named("one query, many keys");
  one.queries = 1;
  one.keys = 1000;
  one.size = one.value_size = 33;
  expect_exact(one);
  auto huge = named("a wide head");
  huge.size = 515;
  huge.value_size = 1030;
  expect_exact(huge);
}

void test_empty() {
  for (const auto axis : {0, 1, 2}) {
    auto test = named(words("empty, axis ", axis));
    if (axis == 0) test.batch = 0;
    if (axis == 1) test.queries = 0;
    if (axis == 2) test.keys = 0;
    test.present = true;
    expect_exact(test);
  }
}

void test_heads() {
  for (const std::int64_t key_heads : {1, 2, 3, 6})
    for (const std::int64_t queries : {1, 3, 50}) {
      auto test = named(words("6 heads on ", key_heads, ", ", queries, " queries"));
      test.heads = 6;
      test.key_heads = key_heads;
      test.queries = queries;
      test.keys = 50;
      expect_exact(test);
      test.flat = true;
      test.causal = true;
      expect_exact(test);
      test.mask_type = MaskType::kFloat;
      test.mask_shape = {1, 6, queries, 50};
      expect_exact(test);
    }
}

void test_packed() {
  for (const std::int64_t key_heads : {1, 4}) {
    auto test = named(words("packed, 4 heads on ", key_heads));
    test.heads = 4;
    test.key_heads = key_heads;
    test.flat = test.packed = true;
    test.batch = 3;
    test.queries = test.keys = 21;
    expect_exact(test);
  }
}

void test_masks() {
  const Shape shapes[] = {{5, 7},       {1, 7},       {7},          {1, 1, 5, 7}, {3, 1, 5, 7},
                          {3, 1, 1, 7}, {1, 2, 5, 7}, {3, 2, 5, 7}, {3, 2, 1, 7}, {2, 5, 7},
                          {2, 1, 7},    {1, 5, 7},    {5, 4},       {3, 1, 1, 3}, {1},
                          {5, 1},       {3, 2, 5, 6}, {0},          {5, 0}};
  for (const auto& shape : shapes)
    for (const auto type : {MaskType::kFloat, MaskType::kBool})
      for (const bool causal : {false, true}) {
        auto test = named(words(type == MaskType::kBool ? "boolean" : "additive", " mask of ", shape,
                                causal ? ", causal" : ""));
        test.batch = 3;
        test.keys = 7;
        test.mask_type = type;
        test.mask_shape = shape;
        test.causal = causal;
        expect_exact(test);
        test.flat = true;
        expect_exact(test);
      }
  for (const float hidden : {-1e4f, -1e9f, std::numeric_limits<float>::lowest(), -kInfinity}) {
    auto test = named(words("keys hidden by ", hidden, ", a whole row too"));
    test.queries = test.keys = 150;
    test.bound = 1e-4;  // a float of -10^4 has steps of 0.001, which a row without other keys shows
    test.mask_type = MaskType::kFloat;
    test.mask_shape = {150, 150};
    test.change = [hidden](Case& c) {
      for (std::size_t i = 0; i < c.mask.size(); ++i)
        c.mask[i] = i / 150 == 3 || i % 150 < i / 150 || i % 3 == 0 ? hidden : 0;
    };
    expect_exact(test);
  }
}

void test_cache() {
  for (const std::int64_t past : {0, 1, 99, 128, 300})
    for (const std::int64_t queries : {1, 4, 30})
      for (const bool causal : {false, true}) {
        auto test = named(words(queries, " queries after ", past, causal ? ", causal" : ""));
        test.past = past;
        test.queries = test.keys = queries;
        test.causal = causal;
        test.present = true;
        test.heads = 4;
        expect_exact(test);
        test.flat = true;
        test.mask_type = MaskType::kBool;
        test.mask_shape = {1, 1, 1, past + queries};
        expect_exact(test);
      }
}

void test_scores() {
  auto scaled = named("a scale");
  scaled.scale = 0.7f;
  expect_exact(scaled);
  for (const float magnitude : {1.0f, 30.0f}) {
    auto capped = named(words("capped scores of numbers of ", magnitude));
    capped.softcap = 5;
    capped.magnitude = magnitude;
    capped.keys = 200;
    expect_exact(capped);
  }
  auto tiny = named("tiny numbers");
  tiny.magnitude = 1e-18f;
  expect_exact(tiny);
  auto large = named("numbers of 10^17");
  large.magnitude = 1e17f;
  expect_exact(large);
}

// NaN and infinity as stock operators give them, of keys that no causality hides.
void test_not_finite() {
  for (const float bad : {kNan, kInfinity, -kInfinity})
    for (const std::size_t length : {5, 200}) {
      auto test = named(words(bad, " in q, ", length, " keys"));
      test.keys = static_cast<std::int64_t>(length);
      test.change = [bad](Case& c) { c.q[3] = bad; };
      expect_exact(test);
      test.name = words(bad, " in k, ", length, " keys");
      test.change = [bad](Case& c) { c.k[3] = bad; };
      expect_exact(test);
      test.name = words(bad, " in v, ", length, " keys");
      test.change = [bad](Case& c) { c.v[3] = bad; };
      test.name = words(bad, " in a mask, ", length, " keys");
      test.mask_type = MaskType::kFloat;
      test.mask_shape = {5, test.keys};
      test.change = [bad](Case& c) { c.mask[3] = bad; };
      expect_exact(test);
    }
}

// Rows in int8 with their scales; the floats that they were made of become what they stand for.
struct Int8Rows {
  std::vector<std::int8_t> numbers;
  std::vector<float> scales;
  Shape shape;

  Int8Rows(std::vector<float>& floats, const Shape& of) : shape(of) {
    const auto width = static_cast<std::size_t>(of.last());
    for (std::size_t first = 0; first < floats.size(); first += width) {
      float largest = 1e-20f;
      for (std::size_t d = 0; d < width; ++d) largest = std::max(largest, std::abs(floats[first + d]));
      scales.push_back(largest / 127);
      for (std::size_t d = first; d < first + width; ++d) {
        numbers.push_back(static_cast<std::int8_t>(std::lround(floats[d] / scales.back())));
        floats[d] = static_cast<float>(numbers.back()) * scales.back();
      }
    }
  }

  Tensor rows() const { return {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, shape, numbers.data()}; }
  Tensor row_scales() const {
    return {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, {shape[0], shape[1], shape[2], 1}, scales.data()};
  }
};

// Rounds each finite query to 16 bits over its own range, as Int8Attention does for few queries; returns how
// far that moves a score at most: half a step times the sum of a key's magnitudes.
double round_queries(Case& test) {
  const auto width = static_cast<std::size_t>(test.size);
  const auto most = [&](const std::vector<float>& rows, const auto& of_row) {
    double found = 0;
    for (std::size_t first = 0; first < rows.size(); first += width)
      found = std::max<double>(found, of_row(rows.data() + first));
    return found;
  };
  const auto reach = [&](const float* row) {
    const auto less = [](float a, float b) { return std::abs(a) < std::abs(b); };
    return std::abs(*std::max_element(row, row + width, less));
  };
  const double moved =
      most(test.q, reach) / 32767 / 2 *
      most(test.k, [&](const float* row) {
        return std::accumulate(row, row + width, 0.0, [](double sum, float x) { return sum + std::abs(x); });
      });
  for (std::size_t first = 0; first < test.q.size(); first += width) {
    float* const row = test.q.data() + first;
    const float step = reach(row) / 32767;
    if (step == 0 || !std::all_of(row, row + width, [](float x) { return std::isfinite(x); })) continue;
    std::transform(row, row + width, row, [&](float x) { return std::nearbyint(x * (1 / step)) * step; });
  }
  return moved * (test.scale > 0 ? test.scale : 1 / std::sqrt(static_cast<double>(test.size)));
}

// Few queries are rounded to 16 bits where the kernel reads keys as they lie. Then its answer is exact for
// the rounded ones. Scores that move by d change weights by a total variation of at most tanh(d / 2), so a
// mean of values by at most d times the largest.
void expect_exact_in_int8(Case test) {
  test.fill(11);
  const Int8Rows key(test.k, {test.batch, test.key_heads, test.keys, test.size});
  const Int8Rows value(test.v, {test.batch, test.key_heads, test.keys, test.value_size});
  const auto expected = test.expected();
  double largest = 1e-30;
  for (const float number : test.v) largest = std::max<double>(largest, std::abs(number));
  Case rounded = test;
  const double moved = round_queries(rounded);
  const bool few = test.queries * (test.heads / test.key_heads) <= 4;
  const auto expected_of_rounded = few ? rounded.expected() : expected;
  const auto inputs = test.inputs();
  for (const auto target : tested_targets())
    for (const std::size_t threads : {1, 3}) {
      auto layout = lay_out(Int8AttentionInputs{inputs.query, key.rows(), key.row_scales(), value.rows(),
                                                value.row_scales(), inputs.mask},
                            test.attributes());
      std::vector<float> y(static_cast<std::size_t>(layout.y.elements()), kNan);
      layout.bind(y.data(), nullptr, nullptr);
      attend(layout.call, Threads(threads), target);
      const auto name = words(test.name, " on ", hwy::TargetName(target), ", ", threads, " threads");
      const auto error = worst_error(y, expected) / largest;
      const auto own = std::min(error, worst_error(y, expected_of_rounded) / largest);
      expect(own <= test.bound, name, ": error of ", own, " of the largest value");
      expect(error <= test.bound + (few ? moved : 0), name, ": rounded queries move a mean by ", error,
             ", a score by ", moved);
    }
}

void test_int8_cache() {
  for (const std::int64_t queries : {1, 2, 3, 9, 150})
    for (const std::int64_t keys : {1, 5, 128, 131, 300})
      for (const std::int64_t size : {3, 16, 32, 40, 64}) {
        if (queries > keys) continue;
        auto test = named(words(queries, " queries on ", keys, " keys in int8, heads of ", size));
        test.heads = queries < 10 ? 4 : 2;  // many take their time in an emulator
        test.batch = queries < 10 ? 2 : 1;
        test.queries = queries;
        test.keys = keys;
        test.size = test.value_size = size;
        expect_exact_in_int8(test);
        test.mask_type = MaskType::kFloat;
        test.mask_shape = {queries, keys};
        test.softcap = 20;
        test.scale = 0.3f;
        test.change = [](Case& c) {  // slots that nothing fills yet
          const auto length = static_cast<std::size_t>(c.keys);
          for (std::size_t i = 0; i < c.mask.size(); ++i)
            c.mask[i] = i % length > length / 2 ? -kInfinity : 0;
        };
        expect_exact_in_int8(test);
      }
  for (const std::int64_t shared : {1, 2, 3, 4})  // queries, by keys of more than one block
    for (const std::int64_t size : {32, 40, 64}) {
      auto test = named(words(shared, " queries that share 1,100 keys in int8, heads of ", size));
      test.heads = 2 * shared;
      test.queries = 1;
      test.keys = 1100;
      test.size = test.value_size = size;
      expect_exact_in_int8(test);
    }
  auto apart = named("values in int8, wider than keys");
  apart.size = 5;
  apart.value_size = 24;
  expect_exact_in_int8(apart);
  auto zeros = named("a row of zeros in int8");
  zeros.change = [](Case& c) { std::fill_n(c.k.begin(), c.size, 0.0f); };
  expect_exact_in_int8(zeros);
  auto nothing = named("a query of zeros");
  nothing.queries = 1;
  nothing.change = [](Case& c) { std::fill_n(c.q.begin(), c.size, 0.0f); };
  expect_exact_in_int8(nothing);
  for (const float bad : {kNan, kInfinity}) {
    auto test = named(words(bad, " in one of two queries"));
    test.queries = 2;
    test.change = [bad](Case& c) { c.q[3] = bad; };
    expect_exact_in_int8(test);
  }
  for (const std::int64_t size : {256, 257, 258}) {  // sums of 32 bits take 257 such products
    auto greatest = named(words("the greatest products, heads of ", size));
    greatest.queries = 1;
    greatest.size = size;
    greatest.value_size = 32;
    greatest.scale = 1.0f / static_cast<float>(size);
    greatest.change = [](Case& c) {
      std::fill(c.q.begin(), c.q.end(), 1.0f);
      for (std::size_t i = 0; i < c.k.size(); ++i)
        c.k[i] = i / static_cast<std::size_t>(c.size) % 2 ? 1.0f : -1.0f;
    };
    expect_exact_in_int8(greatest);
  }
}

void test_int8_refusals() {
  const auto refuses = [](const std::string& text, const std::function<void(Int8AttentionInputs&)>& change) {
    Case test;
    test.fill(1);
    const Int8Rows key(test.k, {1, 2, 5, 8}), value(test.v, {1, 2, 5, 8});
    Int8AttentionInputs inputs = {test.inputs().query, key.rows(),         key.row_scales(),
                                  value.rows(),        value.row_scales(), {}};
    change(inputs);
    expect_error(text, [&] { lay_out(inputs, test.attributes()); });
  };
  constexpr auto kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  refuses("Q must be of rank 4, not 3", [](auto& in) { in.query.shape = {1, 5, 16}; });
  refuses("K must be int8, not float", [](auto& in) { in.key.type = kFloat; });
  refuses("V must be int8, not float", [](auto& in) { in.value.type = kFloat; });
  refuses("K must be of rank 4, not 3", [](auto& in) { in.key.shape = {1, 5, 16}; });
  refuses("V must be (1, 2, 5, 8), not (1, 2, 4, 8)", [](auto& in) { in.value.shape[2] = 4; });
  refuses("K_scale must be (1, 2, 5, 1), not (1, 2, 5, 8)", [](auto& in) { in.key_scale.shape[3] = 8; });
  refuses("V_scale must be (1, 2, 5, 1), not (1, 2, 4, 1)", [](auto& in) { in.value_scale.shape[2] = 4; });
  refuses("V_scale must be float, not int8", [](auto& in) { in.value_scale.type = in.value.type; });
  refuses("Q is of a batch of 2, K of 1", [](auto& in) { in.query.shape[0] = 2; });
  refuses("a head of Q has 9 elements, one of K 8", [](auto& in) { in.query.shape[3] = 9; });
  refuses("must be a multiple", [](auto& in) { in.query.shape[1] = 3; });
  refuses("K has a dimension of -1", [](auto& in) { in.key.shape[2] = -1; });
  refuses("does not fit into memory", [](auto& in) { in.key.shape[2] = std::int64_t{1} << 58; });
}

void test_refusals() {
  const auto refuses = [](const std::string& text,
                          const std::function<void(AttentionInputs&, AttentionAttributes&)>& change) {
    Case test;
    test.past = 3;
    test.fill(1);
    auto inputs = test.inputs();
    auto attributes = test.attributes();
    change(inputs, attributes);
    expect_error(text, [&] { lay_out(inputs, attributes); });
  };
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  constexpr auto kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  refuses("Q must be float, not double",
          [](auto& in, auto&) { in.query.type = ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE; });
  refuses("K and V must both be given", [](auto& in, auto&) { in.value = {}; });
  refuses("Q must be of rank 3 or 4, not 2", [](auto& in, auto&) { in.query.shape = {5, 8}; });
  refuses("Q of rank 3 needs q_num_heads", [](auto& in, auto&) { in.query.shape = {1, 5, 16}; });
  refuses("no multiple of q_num_heads, 3",
          [](auto& in, auto& at) { in.query.shape = {1, 5, 16}, at.query_heads = 3; });
  refuses("must be of one rank", [](auto& in, auto& at) { in.query.shape = {1, 5, 16}, at.query_heads = 2; });
  refuses("Q has 2 heads, q_num_heads says 4", [](auto&, auto& at) { at.query_heads = 4; });
  refuses("must be of one batch", [](auto& in, auto&) { in.key.shape[0] = 2; });
  refuses("K has 4 heads, V has 2", [](auto& in, auto&) { in.key.shape[1] = 4; });
  refuses("K has 9 keys, V has 5", [](auto& in, auto&) { in.key.shape[2] = 9; });
  refuses("a head of Q has 8 elements, one of K 9", [](auto& in, auto&) { in.key.shape[3] = 9; });
  refuses("must be a multiple", [](auto& in, auto&) { in.query.shape[1] = 3; });
  refuses("must be a multiple", [](auto& in, auto&) { in.query.shape[1] = 0; });
  refuses("must be a multiple",
          [](auto& in, auto&) { in.key.shape[1] = in.value.shape[1] = 0, in.past_key = in.past_value = {}; });
  refuses("heads of no elements",
          [](auto& in, auto&) { in.query.shape[3] = in.key.shape[3] = in.past_key.shape[3] = 0; });
  refuses("past_key and past_value must both", [](auto& in, auto&) { in.past_value = {}; });
  refuses("past_key must be of rank 4", [](auto& in, auto&) { in.past_key.shape = {1, 3, 16}; });
  refuses("past_key must be (1, 2, 3, 8), not (1, 2, 3, 4)",
          [](auto& in, auto&) { in.past_key.shape[3] = 4; });
  refuses("past_value must be (1, 2, 3, 8), not (1, 2, 4, 8)",
          [](auto& in, auto&) { in.past_value.shape[2] = 4; });
  refuses("attn_mask must be float or bool, not int64",
          [](auto& in, auto&) { in.mask = {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, {5, 8}, nullptr}; });
  refuses("attn_mask must be of rank 1 to 4, not 0",
          [](auto& in, auto&) { in.mask = {kFloat, Shape{}, nullptr}; });
  refuses("attn_mask must be of rank 1 to 4, not 5",
          [](auto& in, auto&) { in.mask = {kFloat, {1, 1, 1, 5, 8}, nullptr}; });
  refuses("does not broadcast", [](auto& in, auto&) { in.mask = {kFloat, {4, 8}, nullptr}; });
  refuses("does not broadcast", [](auto& in, auto&) { in.mask = {kFloat, {3, 1, 5, 8}, nullptr}; });
  refuses("more than the 8 keys", [](auto& in, auto&) { in.mask = {kFloat, {5, 9}, nullptr}; });
  refuses("a dimension of -1", [](auto& in, auto&) { in.query.shape[0] = -1; });
  refuses("too many elements", [](auto& in, auto&) { in.query.shape = {0, 2, kHuge, kHuge}; });
  refuses("does not fit into memory",
          [](auto& in, auto&) { in.value.shape = {0, 2, kHuge, std::int64_t{1} << 20}; });
  refuses("needs q_num_heads and kv_num_heads",
          [](auto& in, auto&) { in.query.shape = {1, 5, 24}, in.key = in.value = {}; });
  refuses("Q without K and V must be of rank 3", [](auto& in, auto&) { in.key = in.value = {}; });
  refuses("no multiple of q_num_heads + 2 kv_num_heads, 6", [](auto& in, auto& at) {
    in.query.shape = {1, 5, 25}, in.key = in.value = {}, at.query_heads = at.key_heads = 2;
  });
  refuses("too many heads", [](auto& in, auto& at) {
    in.query.shape = {1, 5, 24}, in.key = in.value = {},
    at.query_heads = at.key_heads = std::int64_t{1} << 62;
  });
  refuses("the output",
          [](auto& in, auto&) {  // of an empty batch, whose other dimensions are not backed by memory
            in.query.shape = {0, 2, std::int64_t{1} << 45, 8}, in.key.shape = {0, 2, 5, 8},
            in.value.shape = {0, 2, 5, std::int64_t{1} << 16};
            in.past_key = in.past_value = {};
          });
}

}  // namespace

int main() {
  test_sizes();
  test_empty();
  test_heads();
  test_packed();
  test_masks();
  test_cache();
  test_scores();
  test_not_finite();
  test_int8_cache();
  test_refusals();
  test_int8_refusals();
  return summary();
}
