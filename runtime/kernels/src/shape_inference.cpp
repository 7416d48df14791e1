#include "shape_inference.hpp"

#include "engine.hpp"

namespace edgeattn::kernels {

OrtTensorTypeAndShapeInfo* ShapeInference::type_of(std::size_t i) const {
  std::size_t count = 0;
  check(engine().ShapeInferContext_GetInputCount(context_, &count));
  OrtTensorTypeAndShapeInfo* info = nullptr;
  if (i < count) check(engine().ShapeInferContext_GetInputTypeShape(context_, i, &info));
  return info;
}

Dims ShapeInference::input(std::size_t i) const {
  auto* const info = type_of(i);
  if (!info) return {};
  std::size_t rank = 0;
  check(engine().GetDimensionsCount(info, &rank));
  std::vector<std::int64_t> sizes(rank);
  std::vector<const char*> names(rank, nullptr);
  check(engine().GetDimensions(info, sizes.data(), rank));
  if (rank) check(engine().GetSymbolicDimensions(info, names.data(), rank));
  Dims dims(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) dims[axis] = {sizes[axis], names[axis] ? names[axis] : ""};
  return dims;
}

std::int64_t ShapeInference::integer(const char* name, std::int64_t fallback) const {
  const OrtOpAttr* attribute = nullptr;
  std::int64_t value = 0;
  std::size_t size = 0;
  if (!succeeded(engine().ShapeInferContext_GetAttribute(context_, name, &attribute)) || !attribute)
    return fallback;
  return succeeded(engine().ReadOpAttr(attribute, ORT_OP_ATTR_INT, &value, sizeof value, &size)) ? value
                                                                                                 : fallback;
}

void ShapeInference::output(std::size_t i, const Dims& dims) const {
  std::vector<std::int64_t> sizes;
  std::vector<const char*> names;
  for (const auto& dim : dims) {
    sizes.push_back(dim.size);
    names.push_back(dim.name.c_str());
  }
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  check(engine().CreateTensorTypeAndShapeInfo(&raw));
  const TensorInfo info(raw);
  check(engine().SetTensorElementType(raw, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT));
  check(engine().SetDimensions(raw, sizes.data(), sizes.size()));
  if (!names.empty()) check(engine().SetSymbolicDimensions(raw, names.data(), names.size()));
  succeeded(engine().ShapeInferContext_SetOutputTypeShape(context_, i, raw));
}

}  // namespace edgeattn::kernels
