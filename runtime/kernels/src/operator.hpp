// An operator of onnxruntime, made of a class: no exception of the class leaves these functions.
//
// The class has
//
//   - static constexpr const char* kName;
//   - static constexpr Port kInputs[], kOutputs[]: in the node's order.
//   - explicit Kernel(const Node&): called once a node, when the session is made; throws what it refuses.
//   - void compute(const Call&) const: called each run, perhaps from several threads at once.
//   - static void infer(const ShapeInference&): the shapes of outputs, where those of inputs are known.
#pragma once

#include <exception>
#include <iterator>

#include "node.hpp"
#include "shape_inference.hpp"

namespace edgeattn::kernels {

/// An input or output of an operator.
struct Port {
  ONNXTensorElementDataType type;  // undefined: any
  bool optional = false;
};

namespace port {
constexpr Port kFloat{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
constexpr Port kOptionalFloat{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, true};
constexpr Port kInt64{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64};
constexpr Port kOptionalInt64{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, true};
constexpr Port kInt8{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8};
constexpr Port kAny{ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED};
constexpr Port kOptionalAny{ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED, true};
}  // namespace port

/// Runs `body`; what it throws becomes a status that names the operator.
template <class Body>
OrtStatus* guarded(const char* name, const Body& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const std::exception& error) {
    try {
      return failure(words("edgeattn.", name, ": ", error.what()).c_str());
    } catch (...) {
      return failure("edgeattn: out of memory");
    }
  } catch (...) {
    return failure("edgeattn: an unknown error");
  }
}

constexpr OrtCustomOpInputOutputCharacteristic characteristic(const Port& port) {
  return port.optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
}

/// Returns the operator that this class is; it lives as long as the library.
template <class Kernel>
const OrtCustomOp* make_operator() {
  static const OrtCustomOp op = [] {
    using Self = const OrtCustomOp*;
    OrtCustomOp op{};
    op.version = kApiVersion;
    op.GetName = [](Self) { return Kernel::kName; };
    op.GetExecutionProviderType = [](Self) -> const char* { return nullptr; };  // the CPU's
    op.GetInputTypeCount = [](Self) { return std::size(Kernel::kInputs); };
    op.GetInputType = [](Self, std::size_t i) { return Kernel::kInputs[i].type; };
    op.GetInputCharacteristic = [](Self, std::size_t i) { return characteristic(Kernel::kInputs[i]); };
    op.GetInputMemoryType = [](Self, std::size_t) { return OrtMemTypeDefault; };
    op.GetOutputTypeCount = [](Self) { return std::size(Kernel::kOutputs); };
    op.GetOutputType = [](Self, std::size_t i) { return Kernel::kOutputs[i].type; };
    op.GetOutputCharacteristic = [](Self, std::size_t i) { return characteristic(Kernel::kOutputs[i]); };
    op.GetVariadicInputMinArity = op.GetVariadicInputHomogeneity = [](Self) { return 0; };
    op.GetVariadicOutputMinArity = op.GetVariadicOutputHomogeneity = [](Self) { return 0; };
    op.GetStartVersion = op.GetEndVersion = [](Self) { return 1; };
    op.CreateKernelV2 = [](Self, const OrtApi*, const OrtKernelInfo* info, void** kernel) -> OrtStatus* {
      const Node node(info);
      return guarded(Kernel::kName, [&] {
        try {
          *kernel = new Kernel(node);
        } catch (const Error& error) {
          throw Error(words("node '", node.name(), "': ", error.what()));
        }
      });
    };
    op.KernelComputeV2 = [](void* kernel, OrtKernelContext* context) -> OrtStatus* {
      return guarded(Kernel::kName, [&] { static_cast<const Kernel*>(kernel)->compute(Call(context)); });
    };
    op.InferOutputShapeFn = [](Self, OrtShapeInferContext* context) -> OrtStatus* {
      try {
        Kernel::infer(ShapeInference(context));
      } catch (...) {  // shapes are a help: what is wrong with a node is told when its kernel is made
      }
      return nullptr;
    };
    op.KernelDestroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
    return op;
  }();
  return &op;
}

}  // namespace edgeattn::kernels
