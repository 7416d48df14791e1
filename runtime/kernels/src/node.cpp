#include "node.hpp"

#include <vector>

namespace edgeattn::kernels {
namespace {

/// Reads a text that onnxruntime copies into memory of the caller's, whose size it tells first.
template <class Read>
std::string copied(const Read& read) {
  std::size_t size = 0;
  if (!succeeded(read(nullptr, &size)) || size == 0) return "";
  std::string text(size, '\0');
  check(read(text.data(), &size));
  text.resize(size ? size - 1 : 0);  // without the terminating zero
  return text;
}

/// Whether the node has an attribute of this name, of whatever type onnxruntime can read.
bool has_attribute(const OrtKernelInfo* info, const char* name) {
  std::int64_t integer = 0;
  float real = 0;
  std::size_t size = 0;
  return succeeded(engine().KernelInfoGetAttribute_int64(info, name, &integer)) ||
         succeeded(engine().KernelInfoGetAttribute_float(info, name, &real)) ||
         succeeded(engine().KernelInfoGetAttribute_string(info, name, nullptr, &size)) ||
         succeeded(engine().KernelInfoGetAttributeArray_int64(info, name, nullptr, &size)) ||
         succeeded(engine().KernelInfoGetAttributeArray_float(info, name, nullptr, &size));
}

}  // namespace

std::string Node::name() const {
  return copied(
      [&](char* out, std::size_t* size) { return engine().KernelInfo_GetNodeName(info_, out, size); });
}

std::int64_t Node::integer(const char* name, std::int64_t fallback) const {
  std::int64_t value = 0;
  if (succeeded(engine().KernelInfoGetAttribute_int64(info_, name, &value))) return value;
  require(!has_attribute(info_, name), "attribute ", name, " must be an integer");
  return fallback;
}

float Node::real(const char* name, float fallback) const {
  float value = 0;
  if (succeeded(engine().KernelInfoGetAttribute_float(info_, name, &value))) return value;
  require(!has_attribute(info_, name), "attribute ", name, " must be a float");
  return fallback;
}

std::string Node::text(const char* name, const std::string& fallback) const {
  auto value = copied([&](char* out, std::size_t* size) {
    return engine().KernelInfoGetAttribute_string(info_, name, out, size);
  });
  if (!value.empty()) return value;
  require(!has_attribute(info_, name), "attribute ", name, " must be a text");
  return fallback;
}

std::size_t Node::input_count() const {
  std::size_t count = 0;
  check(engine().KernelInfo_GetInputCount(info_, &count));
  return count;
}

std::size_t Node::output_count() const {
  std::size_t count = 0;
  check(engine().KernelInfo_GetOutputCount(info_, &count));
  return count;
}

bool Node::has_input(std::size_t i) const {
  return i < input_count() && !copied([&](char* out, std::size_t* size) {
                                 return engine().KernelInfo_GetInputName(info_, i, out, size);
                               }).empty();
}

bool Node::has_output(std::size_t i) const {
  return i < output_count() && !copied([&](char* out, std::size_t* size) {
                                  return engine().KernelInfo_GetOutputName(info_, i, out, size);
                                }).empty();
}

Tensor Node::constant(std::size_t i, const char* name) const {
  if (!has_input(i)) return {};
  int is_constant = 0;
  const OrtValue* value = nullptr;
  check(engine().KernelInfoGetConstantInput_tensor(info_, i, &is_constant, &value));
  require(is_constant && value, name, " must be a constant of the file");
  return tensor(value);
}

Tensor Node::declared(std::size_t i) const {
  if (!has_input(i)) return {};
  OrtTypeInfo* raw = nullptr;
  if (!succeeded(engine().KernelInfo_GetInputTypeInfo(info_, i, &raw))) return {};
  const TypeInfo type(raw);
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  check(engine().CastTypeInfoToTensorInfo(type.get(), &info));
  require(info, "input ", i, " must be a tensor");
  Tensor declared;
  check(engine().GetTensorElementType(info, &declared.type));
  std::size_t rank = 0;
  check(engine().GetDimensionsCount(info, &rank));
  std::vector<std::int64_t> dims(rank);
  check(engine().GetDimensions(info, dims.data(), rank));
  declared.shape = Shape(dims.data(), rank);
  return declared;
}

std::size_t Call::input_count() const {
  std::size_t count = 0;
  check(engine().KernelContext_GetInputCount(context_, &count));
  return count;
}

std::size_t Call::output_count() const {
  std::size_t count = 0;
  check(engine().KernelContext_GetOutputCount(context_, &count));
  return count;
}

Tensor Call::input(std::size_t i) const {
  if (i >= input_count()) return {};
  const OrtValue* value = nullptr;
  check(engine().KernelContext_GetInput(context_, i, &value));
  return tensor(value);
}

float* Call::output(std::size_t i, const Shape& shape) const {
  if (i >= output_count()) return nullptr;
  OrtValue* value = nullptr;
  check(engine().KernelContext_GetOutput(context_, i, shape.begin(), shape.rank(), &value));
  if (!value) return nullptr;
  void* data = nullptr;
  check(engine().GetTensorMutableData(value, &data));
  return static_cast<float*>(data);
}

void require_floats(const Tensor& tensor, const char* name, const Shape& shape) {
  require(tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, name, " must be float, not ",
          type_name(tensor.type));
  require(tensor.shape == shape, name, " must be ", shape, ", not ", tensor.shape);
}

const char* type_name(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED:
      return "absent";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return "float";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return "uint8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
      return "int8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return "int32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return "int64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return "bool";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return "float16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
      return "double";
    default:
      return "a type that the kernels do not take";
  }
}

}  // namespace edgeattn::kernels
