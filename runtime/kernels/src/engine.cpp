#include "engine.hpp"

#include <atomic>
#include <string>

namespace edgeattn::kernels {
namespace {

std::atomic<const OrtApi*> api{nullptr};

Shape shape_of(const OrtTensorTypeAndShapeInfo* info) {
  std::size_t rank = 0;
  check(engine().GetDimensionsCount(info, &rank));
  require(rank <= Shape::kMaxRank, "a tensor of rank ", rank, "; the kernels take up to ", Shape::kMaxRank);
  std::array<std::int64_t, Shape::kMaxRank> dims{};
  check(engine().GetDimensions(info, dims.data(), rank));
  return {dims.data(), rank};
}

}  // namespace

const OrtApi& engine() { return *api; }

bool set_engine(const OrtApiBase* base) {
  const OrtApi* found = base ? base->GetApi(kApiVersion) : nullptr;
  if (found) api = found;
  return found != nullptr;
}

void check(OrtStatus* status) {
  if (!status) return;
  const std::unique_ptr<OrtStatus, Releaser<OrtStatus, &OrtApi::ReleaseStatus>> owner(status);
  throw Error(engine().GetErrorMessage(status));
}

bool succeeded(OrtStatus* status) {
  if (!status) return true;
  engine().ReleaseStatus(status);
  return false;
}

OrtStatus* failure(const char* text) { return engine().CreateStatus(ORT_INVALID_ARGUMENT, text); }

Tensor tensor(const OrtValue* value) {
  if (!value) return {};
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  check(engine().GetValueType(value, &kind));
  require(kind == ONNX_TYPE_TENSOR, "a value that is no tensor");
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  check(engine().GetTensorTypeAndShape(value, &raw));
  const TensorInfo info(raw);
  Tensor view;
  check(engine().GetTensorElementType(info.get(), &view.type));
  view.shape = shape_of(info.get());
  void* data = nullptr;
  check(engine().GetTensorMutableData(const_cast<OrtValue*>(value), &data));  // the API has no other
  view.data = data;
  return view;
}

}  // namespace edgeattn::kernels
