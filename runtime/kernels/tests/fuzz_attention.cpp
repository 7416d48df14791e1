// Attention for whatever shapes and attributes: it refuses in words, or computes without leaving its tensors.
//
// The first bytes are attributes and dimensions, the rest numbers. Tensors lie in buffers of exactly their
// size, so that the address sanitizer sees what is read or written beyond; those that are too large to be
// allocated are laid out alone.
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "attention_layout.hpp"

using namespace edgeattn::kernels;

namespace {

constexpr std::int64_t kMostElements = 1 << 14;
constexpr double kMostScores = 1 << 20;  // 10,764 queries on as many keys would take minutes with sanitizers

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t next() { return at_ < size_ ? data_[at_++] : 0; }

  // Mostly small, at times any number of 64 bits.
  std::int64_t dimension() {
    const auto first = next();
    if (first < 250) return first % 11;
    std::uint64_t any = 0;
    for (int i = 0; i < 8; ++i) any = any << 8 | next();
    return static_cast<std::int64_t>(any);
  }

  float number() {
    std::uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) bits = bits << 8 | next();
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

Shape shape(Bytes& bytes, std::size_t rank) {
  std::int64_t dims[Shape::kMaxRank];
  for (std::size_t i = 0; i < rank; ++i) dims[i] = bytes.dimension();
  return {dims, rank};
}

// Dimensions may be any: what overflows wraps.
std::int64_t product(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

// Half of all tensors fit what came before: else few calls would reach the kernel.
struct Fuzzed {
  AttentionInputs inputs;
  AttentionAttributes attributes;
  std::vector<std::vector<float>> numbers;
  std::vector<std::uint8_t> shown;
  bool whole = true;  // every tensor has its numbers

  explicit Fuzzed(Bytes& bytes) {
    const auto flags = bytes.next(), forms = bytes.next();
    const std::size_t rank = flags & 1 ? 3 : 4;
    attributes = {rank == 3 || flags & 2 ? bytes.dimension() : 0,
                  rank == 3 || flags & 2 ? bytes.dimension() : 0, (flags & 4) != 0, flags & 8 ? 0.5f : 0,
                  flags & 16 ? 3.0f : 0};
    Shape query = shape(bytes, rank);
    if (rank == 3 && forms & 1) query[2] = product(query[2] % 11, attributes.query_heads);
    Shape key = forms & 2 ? shape(bytes, rank) : query;
    if (rank == 3 && !(forms & 2) && attributes.query_heads > 0)
      key[2] = product(query[2] / attributes.query_heads, attributes.key_heads);
    if (rank == 4 && forms & 4) key[1] = bytes.dimension();
    if (forms & 8) key[rank - 2] = bytes.dimension();
    Shape value = forms & 16 ? shape(bytes, rank) : key;
    inputs.query = floats(query);
    if (!(flags & 32)) inputs.key = floats(key), inputs.value = floats(value);
    if (flags & 64) {
      const auto length = bytes.dimension();
      const auto heads = rank == 4 ? key[1] : attributes.key_heads;
      const auto width = [&](const Shape& of) { return rank == 4 ? of[3] : heads > 0 ? of[2] / heads : 0; };
      inputs.past_key = floats(forms & 32 ? shape(bytes, 4) : Shape{query[0], heads, length, width(key)});
      inputs.past_value = floats(forms & 64 ? shape(bytes, 4) : Shape{query[0], heads, length, width(value)});
    }
    if (flags & 128) mask(bytes, query[0], query[rank - 2], forms);
    for (auto& tensor : numbers)
      for (auto& number : tensor) number = bytes.number();
  }

 private:
  bool fits(const Shape& shape) {
    std::int64_t count = 1;
    for (const auto dim : shape) {
      if (dim < 0 || dim > kMostElements || (count *= dim) > kMostElements) return whole = false;
    }
    return true;
  }

  Tensor floats(const Shape& shape) {
    if (!fits(shape)) return {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, shape, nullptr};
    numbers.emplace_back(static_cast<std::size_t>(shape.elements()));
    return {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, shape, numbers.back().data()};
  }

  void mask(Bytes& bytes, std::int64_t batch, std::int64_t queries, std::uint8_t forms) {
    const auto type = bytes.next();
    Shape of = shape(bytes, type % 6);
    if (of.rank() == 4 && forms & 128) of = {type & 8 ? batch : 1, 1, type & 16 ? queries : 1, of[3]};
    if (type & 64) {
      inputs.mask = floats(of);
    } else {
      if (fits(of)) shown.assign(static_cast<std::size_t>(of.elements()), type & 1);
      inputs.mask = {type & 32 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, of,
                     shown.data()};
    }
  }
};

// The same query on keys and values in int8, whose scales may be as many as their rows, or any.
struct FuzzedInt8 {
  Int8AttentionInputs inputs;
  std::vector<std::vector<std::int8_t>> rows;
  std::vector<std::vector<float>> scales;
  bool whole;

  FuzzedInt8(Bytes& bytes, const Fuzzed& node) : whole(node.whole) {
    const auto& of = node.inputs;
    inputs = {of.query, {}, {}, {}, {}, of.mask};
    std::tie(inputs.key, inputs.key_scale) = stored(bytes, of.key ? of.key.shape : of.query.shape);
    std::tie(inputs.value, inputs.value_scale) = stored(bytes, of.value ? of.value.shape : of.query.shape);
  }

 private:
  std::pair<Tensor, Tensor> stored(Bytes& bytes, const Shape& shape) {
    Shape of = bytes.next() % 8 || shape.rank() == 0 ? shape : ::shape(bytes, 4);
    if (of.rank() > 0) of[of.rank() - 1] = bytes.next() % 8 ? 1 : bytes.dimension();
    return {numbers(rows, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, shape,
                    [&] { return static_cast<std::int8_t>(bytes.next()); }),
            numbers(scales, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, of, [&] { return bytes.number(); })};
  }

  template <class T, class Next>
  Tensor numbers(std::vector<std::vector<T>>& all, ONNXTensorElementDataType type, const Shape& shape,
                 const Next& next) {
    std::int64_t count = 1;
    for (const auto dim : shape)
      if (dim < 0 || dim > kMostElements || (count *= dim) > kMostElements)
        return whole = false, Tensor{type, shape, nullptr};
    auto& these = all.emplace_back(static_cast<std::size_t>(count));
    for (auto& number : these) number = next();
    return {type, shape, these.data()};
  }
};

std::vector<float> room(const Shape& shape) {
  return std::vector<float>(static_cast<std::size_t>(shape.elements()));
}

double scores(const AttentionCall& call) {
  return static_cast<double>(call.batch) * static_cast<double>(call.heads) *
         static_cast<double>(call.queries) * static_cast<double>(call.keys());
}

// Runs a call that is small, by every instruction set.
void run(AttentionLayout layout, bool whole) {
  if (scores(layout.call) > kMostScores) return;
  for (const Shape* output : {&layout.y, &layout.present_key, &layout.present_value})
    if (!whole || output->elements() > kMostElements) return;
  auto y = room(layout.y), present_key = room(layout.present_key), present_value = room(layout.present_value);
  layout.bind(y.data(), present_key.data(), present_value.data());
  for (const auto target : targets()) attend(layout.call, InOrder(), target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const Fuzzed node(bytes);
  try {
    run(lay_out(node.inputs, node.attributes), node.whole);
  } catch (const Error&) {  // refused in words
  }
  const FuzzedInt8 stored(bytes, node);
  try {
    run(lay_out(stored.inputs, node.attributes), stored.whole);
  } catch (const Error&) {
  }
  return 0;
}
