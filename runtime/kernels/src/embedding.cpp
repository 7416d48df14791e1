// The operator Embedding: reads a node's tensors, checks them, and hands them to the kernel.
#include <algorithm>
#include <array>

#include "embedding_kernel.hpp"
#include "norm_attributes.hpp"
#include "operator.hpp"
#include "operators.hpp"

namespace edgeattn::kernels {
namespace {

class Embedding {
 public:
  static constexpr const char* kName = "Embedding";
  static constexpr Port kInputs[] = {port::kInt64,         port::kAny,          port::kOptionalFloat,
                                     port::kOptionalInt64, port::kOptionalAny,  port::kOptionalFloat,
                                     port::kOptionalInt64, port::kOptionalAny,  port::kOptionalFloat,
                                     port::kOptionalFloat, port::kOptionalFloat};
  static constexpr Port kOutputs[] = {port::kFloat};

  explicit Embedding(const Node& node) : norm_(norm_of(node)) {}

  static void infer(const ShapeInference& node) {
    auto y = node.input(kIds);
    const auto table = node.input(kTable);
    if (y.empty() || table.size() != 2) return;
    y.push_back(table[1]);
    node.output(0, y);
  }

  void compute(const Call& call) const {
    const auto first = call.input(kIds), first_table = call.input(kTable);
    require(first_table.shape.rank() == 2, "table must have two dimensions, not ", first_table.shape);
    EmbeddingCall embedding;
    embedding.norm = norm_;
    embedding.width = static_cast<std::size_t>(first_table.shape[1]);
    embedding.rows = static_cast<std::size_t>(first.shape.elements());
    for (std::size_t i = 0; i < kMostLookups; ++i)
      if (const auto ids = call.input(i * kOfLookup + kIds))
        embedding.lookups[embedding.lookup_count++] = lookup(call, i * kOfLookup, ids, first, first_table);
    embedding.norm_scale = parameter(call, kNormScale, "norm_scale", first_table.shape[1]);
    embedding.norm_bias = parameter(call, kNormBias, "norm_bias", first_table.shape[1]);
    embedding.y = call.output(0, with_axis(first.shape, first_table.shape[1]));
    embed(embedding, call.threads());
  }

 private:
  enum Input : std::size_t {
    kIds,
    kTable,
    kScale,
    kOfLookup,
    kNormScale = kMostLookups * kOfLookup,
    kNormBias
  };

  static Lookup lookup(const Call& call, std::size_t input, const Tensor& ids, const Tensor& first,
                       const Tensor& first_table) {
    const auto table = call.input(input + kTable), scale = call.input(input + kScale);
    require(repeats(ids.shape, first.shape), "ids of ", ids.shape, " do not repeat in ", first.shape);
    require(table.shape.rank() == 2 && table.shape[1] == first_table.shape[1], "table must be (rows, ",
            first_table.shape[1], "), not ", table.shape);
    Lookup lookup;
    lookup.ids = ids.as<std::int64_t>();
    lookup.count = static_cast<std::size_t>(ids.shape.elements());
    lookup.rows = static_cast<std::size_t>(table.shape[0]);
    if (scale) {
      require(table.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, "table with a scale must be int8, not ",
              type_name(table.type));
      require_floats(scale, "scale", {table.shape[0], 1});
      lookup.bytes = table.as<std::int8_t>();
      lookup.scale = scale.as<float>();
    } else {
      require_floats(table, "table", table.shape);
      lookup.floats = table.as<float>();
    }
    return lookup;
  }

  /// Whether a shape, without ones before it, is where another ends.
  static bool repeats(const Shape& shape, const Shape& whole) {
    auto begin = shape.begin();
    while (begin != shape.end() && *begin == 1) ++begin;
    const auto rank = shape.end() - begin;
    return rank <= whole.end() - whole.begin() && std::equal(begin, shape.end(), whole.end() - rank);
  }

  static Shape with_axis(const Shape& shape, std::int64_t size) {
    require(shape.rank() < Shape::kMaxRank, "ids of rank ", shape.rank(), "; the kernels take up to ",
            Shape::kMaxRank - 1);
    std::array<std::int64_t, Shape::kMaxRank> dims{};
    std::copy(shape.begin(), shape.end(), dims.begin());
    dims[shape.rank()] = size;
    return {dims.data(), shape.rank() + 1};
  }

  static const float* parameter(const Call& call, std::size_t input, const char* name, std::int64_t width) {
    const auto tensor = call.input(input);
    if (tensor) require_floats(tensor, name, {width});
    return tensor ? tensor.as<float>() : nullptr;
  }

  NormParameters norm_;
};

}  // namespace

const OrtCustomOp* embedding() { return make_operator<Embedding>(); }

}  // namespace edgeattn::kernels
