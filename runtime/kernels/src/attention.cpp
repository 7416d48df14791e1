// edgeattn.Attention: ONNX's Attention of opset 23 in float, whose query may hold key and value too.
#include <cmath>
#include <limits>

#include "attention_layout.hpp"
#include "operator.hpp"
#include "operators.hpp"

namespace edgeattn {
namespace {

class Attention {
 public:
  static constexpr const char* kName = "Attention";
  static constexpr Port kInputs[] = {port::kFloat,         port::kOptionalFloat, port::kOptionalFloat, port::kOptionalAny,
                                     port::kOptionalFloat, port::kOptionalFloat, port::kOptionalAny};
  static constexpr Port kOutputs[] = {port::kFloat, port::kOptionalFloat, port::kOptionalFloat, port::kOptionalFloat};

  explicit Attention(const Node& node) : attributes_(attributes(node)) {
    require(node.has_input(1) == node.has_input(2), "K and V must both be given, or both be left out");
    require(node.has_input(4) == node.has_input(5), "past_key and past_value must both be given, or both be left out");
    require(!node.has_input(6), "nonpad_kv_seqlen, of opset 24, is not covered");
    require(!node.has_output(3), "the output qk_matmul_output is not covered");
    require(node.has_input(1) || (attributes_.query_heads > 0 && attributes_.key_heads > 0),
            "Q without K and V needs q_num_heads and kv_num_heads");
    const auto mask = node.declared(3);
    require(!mask || mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
            "attn_mask must be float or bool, not ", type_name(mask.type));
  }

  void compute(const Call& call) const {
    auto layout = lay_out({call.input(0), call.input(1), call.input(2), call.input(3), call.input(4), call.input(5)}, attributes_);
    layout.bind(call.output(0, layout.y), call.output(1, layout.present_key), call.output(2, layout.present_value));
    attend(layout.call, call.threads());
  }

 private:
  static AttentionAttributes attributes(const Node& node) {
    const auto causal = node.integer("is_causal", 0);
    require(causal == 0 || causal == 1, "is_causal must be 0 or 1, not ", causal);
    const auto precision = node.integer("softmax_precision", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
    require(precision == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, "softmax_precision ", precision, " is not covered, 1 (float) is");
    const auto scale = node.real("scale", std::numeric_limits<float>::quiet_NaN());  // NaN: left out
    require(std::isnan(scale) || (std::isfinite(scale) && scale > 0), "scale must be a finite number above 0, not ", scale);
    const auto softcap = node.real("softcap", 0);
    require(std::isfinite(softcap) && softcap >= 0, "softcap must be a finite number of at least 0, not ", softcap);
    return {heads(node, "q_num_heads"), heads(node, "kv_num_heads"), causal == 1, std::isnan(scale) ? 0 : scale, softcap};
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

}  // namespace edgeattn
