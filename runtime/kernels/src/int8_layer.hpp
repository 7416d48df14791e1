// A linear layer in int8: what a file says of it, and what is kept of it to compute with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer.hpp"
#include "large_pages.hpp"
#include "norm.hpp"
#include "parallel.hpp"
#include "products.hpp"

namespace edgeattn::kernels {

enum class Activation { kNone, kGelu, kGeluTanh, kRelu, kSilu, kTanh };

/// A layer as the file holds it. Pointers may be null where a part is optional.
struct LayerParameters {
  std::size_t inner = 0;         // K, the width of its input
  std::size_t columns = 0;       // N, the width of its output
  bool gate = false;             // the weight has 2N rows: an activation of the first half times the second
  int bits = 8;                  // 4: two values a byte, the low half first, each plus 8
  std::size_t block = 0;         // values of a row that share a scale; 0: all of them
  const void* weight = nullptr;  // (N or 2N, K) int8, or (N or 2N, (K + 1) / 2) uint8
  const float* scale = nullptr;  // (N or 2N), or (N or 2N, K / block)
  const float* smoothing = nullptr;   // (K)
  const float* bias = nullptr;        // (N or 2N)
  const float* norm_scale = nullptr;  // (N)
  const float* norm_bias = nullptr;   // (N)
  Activation activation = Activation::kNone;
  Norm norm = Norm::kNone;
  float epsilon = 0;
};

/// How weights of 4 bits lie, see nibbles-inl.h: a run for each vector of columns.
struct NibbleRun {
  std::size_t steps = 0;        // of a block; none where weights are of 8 bits
  std::size_t scale_bytes = 0;  // 2: in bfloat16, which holds all of the layer's scales exactly; else 4
  std::size_t block_bytes = 0, bytes = 0;

  bool narrow() const { return scale_bytes == 2; }
};

/// A layer, its weights in the order in which one instruction set multiplies them.
///
/// Columns go by panels of `width`, the last one filled with zeros; a panel of a gated layer has two halves.
/// Within a panel `group` values of a row of the weight stand together: the values that one instruction adds
/// to a sum.
struct PackedLayer {
  std::int64_t target = 0;
  Products products = Products::kPairs;
  std::size_t inner = 0, padded_inner = 0, columns = 0;
  std::size_t width = 0, panels = 0, halves = 1;
  std::size_t block = 0, blocks = 1;
  NibbleRun run;
  std::size_t half_bytes = 0;  // of half a panel's weights
  Weights weight;              // [panels][halves][padded_inner / group][width][group], or runs
  Buffer<float> scale;         // [panels][halves][blocks][width]; empty where runs hold them
  Buffer<std::int32_t> sum;    // as scale: of each block's weights
  Buffer<float> bias;          // [panels][halves][width]
  Buffer<float> smoothing, norm_scale, norm_bias;  // empty where there is none
  Activation activation = Activation::kNone;
  Norm norm = Norm::kNone;
  float epsilon = 0;

  /// Returns the weights of half a panel as they lie.
  const std::uint8_t* half_of(std::size_t panel, std::size_t half) const {
    return reinterpret_cast<const std::uint8_t*>(weight.data()) + (panel * halves + half) * half_bytes;
  }
};

/// The rows of one run.
struct LayerRows {
  std::size_t rows = 0;
  const float* x = nullptr;         // (rows, K)
  const float* residual = nullptr;  // (rows, N), or null
  float* y = nullptr;               // (rows, N)
  float* sum = nullptr;             // (rows, N), y before the norm; or null
};

// The widest K: no sum of products of 8 bits leaves 32 bits.
constexpr std::size_t kMaxInner = 65536;

/// Returns the layer, packed for one of targets() by what choose_products() says.
PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target);

/// Returns the same for a CPU of that target that has these products, whatever this one has. Tiles leave
/// blocks of scales to dot products.
PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target, Products products);

/// Computes norm(activation(round(x * smoothing) W^T + bias) [* gate] + residual).
///
/// Each row of x is rounded to 8 bits over its own range, zero included, as ONNX's DynamicQuantizeLinear
/// rounds a tensor; the products are summed in integers, exactly. So two instruction sets differ by roundings
/// of floats alone. A row that holds a NaN or an infinity answers NaN throughout, and leaves other rows
/// alone.
void run_layer(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads);

}  // namespace edgeattn::kernels
