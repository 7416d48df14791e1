// The operator Int8Linear: reads a node, checks it, and hands its rows to the layer.
#include <array>

#include "instruction_set.hpp"
#include "int8_layer.hpp"
#include "norm_attributes.hpp"
#include "operator.hpp"
#include "operators.hpp"

namespace edgeattn::kernels {
namespace {

constexpr auto kFloatType = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;

Activation activation(const Node& node) {
  constexpr std::array kWords = {"none", "gelu", "gelu_tanh", "relu", "silu", "tanh"};
  return static_cast<Activation>(node.choice("activation", kWords));
}

/// Returns the floats of a constant of this shape; null where an optional one is left out.
const float* floats(const Node& node, std::size_t input, const char* name, const Shape& shape) {
  const auto constant = node.constant(input, name);
  if (!constant) return nullptr;
  require_floats(constant, name, shape);
  return constant.as<float>();
}

std::int64_t as_signed(std::size_t value) { return static_cast<std::int64_t>(value); }

class Int8Linear {
 public:
  static constexpr const char* kName = "Int8Linear";
  static constexpr Port kInputs[] = {port::kFloat,         port::kAny,           port::kFloat,
                                     port::kOptionalFloat, port::kOptionalFloat, port::kOptionalFloat,
                                     port::kOptionalFloat, port::kOptionalFloat};
  static constexpr Port kOutputs[] = {port::kFloat, port::kOptionalFloat};

  explicit Int8Linear(const Node& node) : layer_(pack_layer(parameters(node), targets().front())) {}

  static void infer(const ShapeInference& node) {
    auto y = node.input(kX);
    const auto weight = node.input(kWeight);
    if (y.empty() || weight.size() != 2 || weight[0].size < 0) return;
    y.back() = {weight[0].size / (node.integer("gate", 0) == 1 ? 2 : 1), ""};
    node.output(0, y);
    node.output(1, y);
  }

  void compute(const Call& call) const {
    const auto x = call.input(kX), residual = call.input(kResidual);
    require(x.type == kFloatType, "x must be float, not ", type_name(x.type));
    require(x.shape.rank() >= 1 && x.shape.last() == as_signed(layer_.inner), "x must be (..., ",
            layer_.inner, "), not ", x.shape);
    auto shape = x.shape;
    shape[shape.rank() - 1] = as_signed(layer_.columns);
    if (residual) require_floats(residual, "residual", shape);
    const bool empty = shape.elements() == 0;

    LayerRows rows;
    rows.rows = static_cast<std::size_t>(x.shape.elements(x.shape.rank() - 1));
    rows.x = x.as<float>();
    rows.residual = residual ? residual.as<float>() : nullptr;
    rows.y = call.output(0, shape);
    rows.sum = call.output(1, shape);
    require(rows.y || empty, "output y must be asked for");
    run_layer(layer_, rows, call.threads());
  }

 private:
  enum Input : std::size_t { kX, kWeight, kScale, kSmoothing, kBias, kResidual, kNormScale, kNormBias };

  static LayerParameters parameters(const Node& node) {
    LayerParameters p;
    p.activation = kernels::activation(node);
    const auto norm = norm_of(node);
    p.norm = norm.norm;
    p.epsilon = norm.epsilon;
    const auto gate = node.integer("gate", 0), bits = node.integer("bits", 8),
               block = node.integer("block_size", 0);
    require(gate == 0 || gate == 1, "attribute gate is ", gate, "; expected 0 or 1");
    require(bits == 8 || bits == 4, "attribute bits is ", bits, "; expected 8 or 4");
    p.gate = gate == 1;
    p.bits = static_cast<int>(bits);

    const auto weight = node.constant(kWeight, "weight");
    const auto type = bits == 8 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    require(weight.type == type, "weight of ", bits, " bits must be ", type_name(type), ", not ",
            type_name(weight.type));
    require(weight.shape.rank() == 2, "weight must have two dimensions, not ", weight.shape);
    const auto rows = weight.shape[0], inner = inner_width(node, weight, bits);
    require(inner >= 1 && inner <= as_signed(kMaxInner), "rows of ", inner, " values; expected 1 to ",
            kMaxInner);
    require(!p.gate || rows % 2 == 0, "weight of a gated layer has ", rows, " rows; expected an even number");
    require(block == 0 || (block > 0 && block % 16 == 0 && inner % block == 0), "attribute block_size is ",
            block, "; expected 0, or a multiple of 16 that divides ", inner);
    p.inner = static_cast<std::size_t>(inner);
    p.columns = static_cast<std::size_t>(p.gate ? rows / 2 : rows);
    p.block = static_cast<std::size_t>(block);
    p.weight = weight.data;

    const auto columns = as_signed(p.columns);
    require(node.has_input(kScale), "scale is missing");
    p.scale = floats(node, kScale, "scale", block ? Shape{rows, inner / block} : Shape{rows});
    p.smoothing = floats(node, kSmoothing, "smoothing", {inner});
    p.bias = floats(node, kBias, "bias", {rows});
    p.norm_scale = floats(node, kNormScale, "norm_scale", {columns});
    p.norm_bias = floats(node, kNormBias, "norm_bias", {columns});
    require(p.norm != Norm::kNone || (!p.norm_scale && !p.norm_bias),
            "norm_scale or norm_bias without a norm");
    return p;
  }

  /// Returns K: with 4 bits, whether a row ends within a byte is known from x or from `smoothing`, else it is
  /// even.
  static std::int64_t inner_width(const Node& node, const Tensor& weight, std::int64_t bits) {
    const auto stored = weight.shape[1];
    if (bits == 8) return stored;
    const auto smoothing = node.constant(kSmoothing, "smoothing");
    const auto x = node.declared(kX);
    auto told = 2 * stored;
    if (x && x.shape.rank() && x.shape.last() > 0) told = x.shape.last();
    if (smoothing && smoothing.shape.rank() == 1) told = smoothing.shape[0];
    require(told / 2 + told % 2 == stored, "weight has ", stored, " bytes a row; expected ",
            told / 2 + told % 2, " for ", told, " values of 4 bits");
    return told;
  }

  PackedLayer layer_;
};

}  // namespace

const OrtCustomOp* int8_linear() { return make_operator<Int8Linear>(); }

}  // namespace edgeattn::kernels
