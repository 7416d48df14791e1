// Layers of any shape and form from bytes: packed and run on every instruction set. What the operator refuses
// is not made.
//
//     fuzz_int8_linear -max_total_time=60
#include <cstring>
#include <vector>

#include "instruction_set.hpp"
#include "int8_layer.hpp"

using namespace edgeattn::kernels;

namespace {

/// Takes numbers off the front of the bytes; zeros behind their end.
class Source {
 public:
  Source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::size_t below(std::size_t limit) { return take<std::uint16_t>() % limit; }

  /// Returns `count` values; the bytes are repeated, so that a short input fills a large layer.
  template <class T>
  std::vector<T> values(std::size_t count) {
    std::vector<T> all(count);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(all.data());
    for (std::size_t i = 0; size_ && i < count * sizeof(T); ++i) bytes[i] = data_[(at_ + i) % size_];
    return all;
  }

 private:
  template <class T>
  T take() {
    T value{};
    if (at_ + sizeof value <= size_) std::memcpy(&value, data_ + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source source(data, size);
  LayerParameters p;
  p.bits = source.below(2) ? 8 : 4;
  p.gate = source.below(2);
  p.activation = static_cast<Activation>(source.below(6));
  p.norm = static_cast<Norm>(source.below(3));
  p.block = source.below(2) ? 16 * (1 + source.below(4)) : 0;
  p.inner = p.block ? p.block * (1 + source.below(5)) : 1 + source.below(300);
  p.columns = source.below(200);
  const std::size_t given = source.below(64), count = source.below(40);  // which of the optional inputs; rows
  const bool narrow = source.below(2);                                   // scales of bfloat16

  const auto rows = p.columns * (p.gate ? 2 : 1);
  const auto weight = source.values<std::uint8_t>(rows * (p.bits == 8 ? p.inner : (p.inner + 1) / 2));
  auto scale = source.values<float>(rows * (p.block ? p.inner / p.block : 1));
  auto* const halves = reinterpret_cast<std::uint8_t*>(scale.data());
  for (std::size_t i = 0; narrow && i < scale.size(); ++i) std::memset(halves + i * sizeof(float), 0, 2);
  const auto smoothing = source.values<float>(p.inner), bias = source.values<float>(rows);
  const auto norm_scale = source.values<float>(p.columns), norm_bias = source.values<float>(p.columns);
  const auto x = source.values<float>(count * p.inner), residual = source.values<float>(count * p.columns);
  p.weight = weight.data();
  p.scale = scale.data();
  p.smoothing = given & 1 ? smoothing.data() : nullptr;
  p.bias = given & 2 ? bias.data() : nullptr;
  p.norm_scale = given & 4 ? norm_scale.data() : nullptr;
  p.norm_bias = given & 8 ? norm_bias.data() : nullptr;

  std::vector<float> y(count * p.columns), sum(given & 16 ? y.size() : 0);
  for (const auto target : targets())
    run_layer(pack_layer(p, target),
              {count, x.data(), given & 32 ? residual.data() : nullptr, y.data(),
               given & 16 ? sum.data() : nullptr},
              InOrder());
  return 0;
}
