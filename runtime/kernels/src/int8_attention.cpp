// edgeattn.Int8Attention: attention over a cache in int8, each of whose rows has a scale. Few queries are
// rounded to 16 bits, each over its own range: int16_product-inl.h says what that adds.
#include <cmath>
#include <limits>

#include "attention_layout.hpp"
#include "operator.hpp"
#include "operators.hpp"
#include "shape_inference.hpp"

namespace edgeattn::kernels {
namespace {

class Int8Attention {
 public:
  static constexpr const char* kName = "Int8Attention";
  static constexpr Port kInputs[] = {port::kFloat, port::kInt8,  port::kFloat,
                                     port::kInt8,  port::kFloat, port::kOptionalAny};
  static constexpr Port kOutputs[] = {port::kFloat};

  explicit Int8Attention(const Node& node) {
    const auto scale = node.real("scale", std::numeric_limits<float>::quiet_NaN());  // NaN: left out
    require(std::isnan(scale) || (std::isfinite(scale) && scale > 0),
            "scale must be a finite number above 0, not ", scale);
    attributes_.scale = std::isnan(scale) ? 0 : scale;
    attributes_.softcap = node.real("softcap", 0);
    require(std::isfinite(attributes_.softcap) && attributes_.softcap >= 0,
            "softcap must be a finite number of at least 0, not ", attributes_.softcap);
    const auto mask = node.declared(5);
    require(!mask || mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ||
                mask.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
            "attn_mask must be float or bool, not ", type_name(mask.type));
  }

  static void infer(const ShapeInference& node) {
    const auto query = node.input(0), value = node.input(3);
    if (query.size() == 4 && value.size() == 4) node.output(0, {query[0], query[1], query[2], value[3]});
  }

  void compute(const Call& call) const {
    auto layout = lay_out(Int8AttentionInputs{call.input(0), call.input(1), call.input(2), call.input(3),
                                              call.input(4), call.input(5)},
                          attributes_);
    layout.bind(call.output(0, layout.y), nullptr, nullptr);
    attend(layout.call, call.threads());
  }

 private:
  AttentionAttributes attributes_;
};

}  // namespace

const OrtCustomOp* int8_attention() { return make_operator<Int8Attention>(); }

}  // namespace edgeattn::kernels
