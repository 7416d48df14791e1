// A node as a kernel sees it: its attributes and constants when it is made, its tensors when it runs.
#pragma once

#include <array>
#include <string>

#include "engine.hpp"

namespace edgeattn::kernels {

/// What a session knows of a node when it makes its kernel.
class Node {
 public:
  explicit Node(const OrtKernelInfo* info) : info_(info) {}

  /// Returns the node's name, as messages call it.
  std::string name() const;

  /// Return an attribute, or `fallback` where the node has none of this name.
  ///
  /// @throws Error where it is of another type.
  std::int64_t integer(const char* name, std::int64_t fallback) const;
  float real(const char* name, float fallback) const;
  std::string text(const char* name, const std::string& fallback) const;

  /// Returns the place of a text among those that an attribute may be; 0 where the node has none.
  template <std::size_t kCount>
  std::size_t choice(const char* name, const std::array<const char*, kCount>& texts) const {
    const auto chosen = text(name, texts[0]);
    for (std::size_t i = 0; i < kCount; ++i)
      if (chosen == texts[i]) return i;
    std::string all;
    for (const auto* const each : texts) all += words(all.empty() ? "" : ", ", each);
    throw Error(words("attribute ", name, " is '", chosen, "'; expected one of ", all));
  }

  std::size_t input_count() const;
  std::size_t output_count() const;

  /// Whether the node is given this input, and asked for this output: optional ones may be left out.
  bool has_input(std::size_t i) const;
  bool has_output(std::size_t i) const;

  /// Returns an input that the file holds; absent where it is left out.
  ///
  /// @throws Error where it is computed by the graph.
  Tensor constant(std::size_t i, const char* name) const;

  /// Returns type and dimensions of an input as far as the graph tells, without data; unknown dimensions are
  /// -1, and a tensor whose rank is unknown has rank 0, as a scalar has.
  Tensor declared(std::size_t i) const;

 private:
  const OrtKernelInfo* info_;
};

/// The tensors of one run of a node.
class Call {
 public:
  explicit Call(OrtKernelContext* context) : context_(context), threads_(context) {}

  std::size_t input_count() const;
  std::size_t output_count() const;

  /// Returns an input; absent where it is left out.
  Tensor input(std::size_t i) const;

  /// Allocates an output of floats, and returns its numbers; null where nobody asks for it.
  float* output(std::size_t i, const Shape& shape) const;

  const Parallel& threads() const { return threads_; }

 private:
  OrtKernelContext* context_;
  SessionThreads threads_;
};

/// Throws where a tensor is not of floats and of this shape.
void require_floats(const Tensor& tensor, const char* name, const Shape& shape);

/// Returns a type as ONNX calls it.
const char* type_name(ONNXTensorElementDataType type);

}  // namespace edgeattn::kernels
