// What a graph tells of a node's shapes before it runs: numbers, names such as "batch", or nothing.
#pragma once

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace edgeattn::kernels {

struct Dim {
  std::int64_t size = -1;  // -1: unknown, or a name
  std::string name;
};
using Dims = std::vector<Dim>;

class ShapeInference {
 public:
  explicit ShapeInference(OrtShapeInferContext* context) : context_(context) {}

  /// Whether the node is given this input.
  bool has_input(std::size_t i) const { return type_of(i) != nullptr; }

  /// Returns the dimensions of an input; none where nothing is known, as of a scalar.
  Dims input(std::size_t i) const;

  /// Returns an attribute, or `fallback` where the node has none of this name and type.
  std::int64_t integer(const char* name, std::int64_t fallback) const;

  /// Tells an output of floats; of an output that the node lacks nothing is told.
  void output(std::size_t i, const Dims& dims) const;

 private:
  OrtTensorTypeAndShapeInfo* type_of(std::size_t i) const;  // the context's own; null of an input that is left out

  OrtShapeInferContext* context_;
};

}  // namespace edgeattn::kernels
