// onnxruntime's C API as C++: what it fails at is thrown, what it hands over is released.
#pragma once

#include <onnxruntime_c_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "error.hpp"
#include "parallel.hpp"
#include "shape.hpp"

namespace edgeattn::kernels {

// The oldest C API with all that is called here: onnxruntime 1.18. A newer onnxruntime has it too.
constexpr std::uint32_t kApiVersion = 18;

/// Returns the API of the onnxruntime that registered the library.
const OrtApi& engine();

/// Keeps the API of this onnxruntime; false where it is too old.
bool set_engine(const OrtApiBase* base);

/// Throws what a status says, and releases it. None is success.
void check(OrtStatus* status);

/// Whether a call succeeded; its status is released.
bool succeeded(OrtStatus* status);

/// Returns a status of this text for onnxruntime to release.
OrtStatus* failure(const char* text);

/// Releases what onnxruntime handed over by the function of this name.
template <class T, void (ORT_API_CALL* OrtApi::*kRelease)(T*)>
struct Releaser {
  void operator()(T* value) const { (engine().*kRelease)(value); }
};
using TypeInfo = std::unique_ptr<OrtTypeInfo, Releaser<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>>;
using TensorInfo =
    std::unique_ptr<OrtTensorTypeAndShapeInfo,
                    Releaser<OrtTensorTypeAndShapeInfo, &OrtApi::ReleaseTensorTypeAndShapeInfo>>;

/// A tensor that onnxruntime owns; absent where its type is undefined.
struct Tensor {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  Shape shape;
  const void* data = nullptr;

  explicit operator bool() const { return type != ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED; }

  /// Returns the numbers; whoever calls it has checked the type.
  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

/// Returns a view of this value; absent where there is none.
///
/// @throws Error where it is no tensor in the CPU's memory.
Tensor tensor(const OrtValue* value);

/// The threads of the session that runs this node.
class SessionThreads final : public Parallel {
 public:
  explicit SessionThreads(const OrtKernelContext* context) : context_(context) {}

 private:
  void run(std::size_t count, Turn turn, void* state) const override {
    check(engine().KernelContext_ParallelFor(context_, turn, count, 0, state));
  }

  const OrtKernelContext* context_;
};

}  // namespace edgeattn::kernels
