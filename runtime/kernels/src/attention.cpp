// edgeattn.Attention: ONNX's Attention of opset 23 in float, whose query may hold key and value too.
#include <algorithm>
#include <cmath>
#include <limits>

#include "attention_layout.hpp"
#include "operator.hpp"
#include "operators.hpp"
#include "shape_inference.hpp"

namespace edgeattn::kernels {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostHeads = std::numeric_limits<std::int32_t>::max();

bool is_known(const Dim& dim) { return dim.size >= 0 || !dim.name.empty(); }

// Dimensions that are computed of others; unknown where one of them is, or where they cannot be.
Dim sum(const Dim& a, const Dim& b) {
  if (a.size == 0) return b;
  if (!is_known(a) || !is_known(b)) return {};
  if (a.size >= 0 && b.size >= 0) return b.size > kMost - a.size ? Dim{} : Dim{a.size + b.size, ""};
  const auto name = [](const Dim& dim) { return dim.name.empty() ? text(dim.size) : dim.name; };
  return {-1, words(name(a), " + ", name(b))};
}

Dim product(const Dim& a, std::int64_t factor) {
  return a.size < 0 || factor <= 0 || a.size > kMost / factor ? Dim{} : Dim{a.size * factor, ""};
}

Dim part(const Dim& whole, std::int64_t parts) {
  return whole.size < 0 || parts <= 0 || whole.size % parts ? Dim{} : Dim{whole.size / parts, ""};
}

void tell(const ShapeInference& node, std::size_t output, const Dims& dims) {
  if (std::all_of(dims.begin(), dims.end(), is_known)) node.output(output, dims);
}

class Attention {
 public:
  static constexpr const char* kName = "Attention";
  static constexpr Port kInputs[] = {port::kFloat,       port::kOptionalFloat, port::kOptionalFloat,
                                     port::kOptionalAny, port::kOptionalFloat, port::kOptionalFloat,
                                     port::kOptionalAny};
  static constexpr Port kOutputs[] = {port::kFloat, port::kOptionalFloat, port::kOptionalFloat,
                                      port::kOptionalFloat};

  explicit Attention(const Node& node) : attributes_(attributes(node)) {
    require(node.has_input(1) == node.has_input(2), "K and V must both be given, or both be left out");
    require(node.has_input(4) == node.has_input(5),
            "past_key and past_value must both be given, or both be left out");
    require(!node.has_input(6), "nonpad_kv_seqlen, of opset 24, is not covered");
    require(node.has_output(0), "the output Y must be asked for");
    require(!node.has_output(3), "the output qk_matmul_output is not covered");
    require(node.has_input(1) || (attributes_.query_heads > 0 && attributes_.key_heads > 0),
            "Q without K and V needs q_num_heads and kv_num_heads");
    const auto mask = node.declared(3);
    require(!mask || mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ||
                mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
            "attn_mask must be float or bool, not ", type_name(mask.type));
  }

  static void infer(const ShapeInference& node) {
    const auto query = node.input(0), key = node.input(1), value = node.input(2), past = node.input(4);
    const auto heads = node.integer("q_num_heads", 0), key_heads = node.integer("kv_num_heads", 0);
    const Dim before = past.size() == 4 ? past[2] : Dim{node.has_input(4) ? -1 : 0, ""};
    if (query.size() == 4 && key.size() == 4 && value.size() == 4) {
      tell(node, 0, {query[0], query[1], query[2], value[3]});
      tell(node, 1, {key[0], key[1], sum(before, key[2]), key[3]});
      tell(node, 2, {key[0], key[1], sum(before, key[2]), value[3]});
    }
    if (query.size() != 3 || heads <= 0 || heads > kMostHeads || key_heads <= 0 || key_heads > kMostHeads)
      return;
    const auto tell_flat = [&](const Dim& length, const Dim& size, const Dim& value_size) {
      tell(node, 0, {query[0], query[1], product(value_size, heads)});
      tell(node, 1, {query[0], {key_heads, ""}, sum(before, length), size});
      tell(node, 2, {query[0], {key_heads, ""}, sum(before, length), value_size});
    };
    if (key.size() == 3 && value.size() == 3)
      tell_flat(key[1], part(key[2], key_heads), part(value[2], key_heads));
    if (node.has_input(1) || node.has_input(2)) return;
    const auto size = part(query[2], heads + 2 * key_heads);
    tell_flat(query[1], size, size);
  }

  void compute(const Call& call) const {
    auto layout = lay_out(AttentionInputs{call.input(0), call.input(1), call.input(2), call.input(3),
                                          call.input(4), call.input(5)},
                          attributes_);
    layout.bind(call.output(0, layout.y), call.output(1, layout.present_key),
                call.output(2, layout.present_value));
    attend(layout.call, call.threads());
  }

 private:
  static AttentionAttributes attributes(const Node& node) {
    const auto causal = node.integer("is_causal", 0);
    require(causal == 0 || causal == 1, "is_causal must be 0 or 1, not ", causal);
    const auto precision = node.integer("softmax_precision", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
    require(precision == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, "softmax_precision ", precision,
            " is not covered, 1 (float) is");
    const auto scale = node.real("scale", std::numeric_limits<float>::quiet_NaN());  // NaN: left out
    require(std::isnan(scale) || (std::isfinite(scale) && scale > 0),
            "scale must be a finite number above 0, not ", scale);
    const auto softcap = node.real("softcap", 0);
    require(std::isfinite(softcap) && softcap >= 0, "softcap must be a finite number of at least 0, not ",
            softcap);
    return {heads(node, "q_num_heads"), heads(node, "kv_num_heads"), causal == 1,
            std::isnan(scale) ? 0 : scale, softcap};
  }

  static std::int64_t heads(const Node& node, const char* name) {
    const auto count = node.integer(name, 0);
    require(count >= 0, name, " must not be negative; it is ", count);
    return count;
  }

  const AttentionAttributes attributes_;
};

}  // namespace

const OrtCustomOp* attention() { return make_operator<Attention>(); }

}  // namespace edgeattn::kernels
