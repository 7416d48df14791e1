#include "operator.hpp"
#include "operators.hpp"

namespace edgeattn {
namespace {

class Int8Linear {
 public:
  static constexpr const char* kName = "Int8Linear";
  static constexpr Port kInputs[] = {port::kFloat, port::kAny, port::kFloat};
  static constexpr Port kOutputs[] = {port::kFloat};

  explicit Int8Linear(const Node&) { throw Error("not yet"); }
  void compute(const Call&) const {}
};

}  // namespace

const OrtCustomOp* int8_linear() { return make_operator<Int8Linear>(); }

}  // namespace edgeattn
