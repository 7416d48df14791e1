// Attention of one block of queries, for each target.

#if defined(EDGEATTN_ATTENTION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_ATTENTION_INL_H
#undef EDGEATTN_ATTENTION_INL_H
#else
#define EDGEATTN_ATTENTION_INL_H
#endif

#include <algorithm>
#include <cstring>

#include "attention.hpp"
#include "float_product-inl.h"
#include "hwy/highway.h"
#include "query_blocks.hpp"
#include "scratch.hpp"
#include "softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn {
namespace HWY_NAMESPACE {

constexpr std::size_t kKeyBlock = 128;
constexpr std::size_t kScoreStride = kKeyBlock + 16;  // no power of 2: rows of a tile fall into different cache sets

using Queries = const float*;
using KeyRows = Heads<const float>;

struct QueryRow {
  const float* query;
  float* y;
  const void* mask;
  std::size_t visible;  // keys before causality or the mask's end hides the rest
  RunningSoftmax softmax;
};

// What a block of queries is computed in.
struct BlockMemory {
  QueryRow* rows;
  float* queries;  // tile after tile, each (head size, rows)
  float* keys;     // (head size, keys of a block)
  float* values;   // (keys of a block, value size in whole vectors)
  float* scores;   // (rows of a tile, kScoreStride)
  float* sums;     // (rows, value size in whole vectors)
};

inline BlockMemory block_memory(const AttentionCall& call, std::size_t rows) {
  const auto keys = round_up(std::min(call.keys(), kKeyBlock), kFloatLanes);
  const auto values = round_up(call.value_size, kFloatLanes);
  ScratchSize size;
  size.add<QueryRow>(rows);
  for (const auto floats : {rows * call.head_size, keys * call.head_size, keys * values, kTileRows * kScoreStride,
                            rows * values})
    size.add<float>(floats);
  Scratch scratch(size);
  return {scratch.take<QueryRow>(rows),
          scratch.take<float>(rows * call.head_size),
          scratch.take<float>(keys * call.head_size),
          scratch.take<float>(keys * values),
          scratch.take<float>(kTileRows * kScoreStride),
          scratch.take<float>(rows * values)};
}

// scores (rows, columns) = queries of a tile * keys (head size, columns)
template <std::size_t kRows = kTileRows>
void score_tile(std::size_t rows, const float* queries, const float* keys, std::size_t columns, std::size_t head_size,
                float* scores) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return score_tile<kRows - 1>(rows, queries, keys, columns, head_size, scores);
  }
  multiply_rows<kRows>(LeftSide<1, kRows>{queries}, keys, columns, head_size, nullptr, scores, kScoreStride, columns);
}

// sums (rows, columns) = sums * decay + weights (rows, count) * values (count, columns)
template <std::size_t kRows = kTileRows>
void sum_tile(std::size_t rows, const float* weights, const float* values, std::size_t value_stride, std::size_t count,
              const float* decay, float* sums, std::size_t columns) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return sum_tile<kRows - 1>(rows, weights, values, value_stride, count, decay, sums, columns);
  }
  multiply_rows<kRows>(LeftSide<kScoreStride, 1>{weights}, values, value_stride, count, decay, sums, columns, columns);
}

class BlockAttention {
 public:
  BlockAttention(const AttentionCall& call, const QueryBlock& block)
      : call_(call),
        block_(block),
        value_stride_(round_up(call.value_size, kFloatLanes)),
        tiles_((block.rows + kTileRows - 1) / kTileRows),
        memory_(block_memory(call, block.rows)) {}

  void operator()() {
    find_rows();
    load_queries();
    std::fill_n(memory_.sums, block_.rows * value_stride_, 0.0f);
    std::size_t visible = 0;
    for (std::size_t r = 0; r < block_.rows; ++r) visible = std::max(visible, memory_.rows[r].visible);
    std::size_t before = 0;
    for (const auto& span : call_.spans) {
      const auto end = std::min(before + span.length, visible);
      for (std::size_t key = before; key < end; key += kKeyBlock)
        attend_to(span, key - before, key, std::min(kKeyBlock, end - key));
      before += span.length;
    }
    write();
  }

 private:
  std::size_t first_row(std::size_t tile) const { return block_.rows * tile / tiles_; }

  void find_rows() {
    const auto heads_per_key = call_.heads / call_.key_heads;
    const auto visible = call_.mask.kind == Mask::Kind::kNone ? call_.keys() : std::min(call_.keys(), call_.mask.length);
    const auto element = call_.mask.kind == Mask::Kind::kAdditive ? sizeof(float) : 1;
    for (std::size_t r = 0; r < block_.rows; ++r) {
      const auto head = block_.key_head * heads_per_key + (block_.first_row + r) / call_.queries;
      const auto query = (block_.first_row + r) % call_.queries;
      const auto at = block_.batch * call_.mask.batch_stride + head * call_.mask.head_stride + query * call_.mask.query_stride;
      memory_.rows[r] = {call_.query.at(block_.batch, head, query), call_.y.at(block_.batch, head, query),
                         static_cast<const std::uint8_t*>(call_.mask.data) + at * element,
                         call_.causal ? std::min(visible, call_.spans[0].length + query + 1) : visible,
                         {}};
    }
  }

  void load_queries() {
    float* to = memory_.queries;
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
      const auto first = first_row(tile), end = first_row(tile + 1);
      for (std::size_t k = 0; k < call_.head_size; ++k) {
        for (auto r = first; r < end; ++r) *to++ = memory_.rows[r].query[k] * call_.scale;
      }
    }
  }

  // Lets all rows see `count` keys of a span, which are those from `key` on of all spans.
  void attend_to(const KeySpan& span, std::size_t at, std::size_t key, std::size_t count) {
    const auto* const keys = span.key.at(block_.batch, block_.key_head, at);
    const auto* values = span.value.at(block_.batch, block_.key_head, at);
    auto value_stride = span.value.row_stride;
    const auto columns = round_up(count, kFloatLanes);
    if (block_.rows > 1) transpose(keys, span.key.row_stride, count, call_.head_size, memory_.keys, columns);
    if (block_.rows > 1 || call_.value_size != value_stride_) {
      copy_values(values, value_stride, count);
      values = memory_.values;
      value_stride = value_stride_;
    }
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
      const auto first = first_row(tile), rows = first_row(tile + 1) - first;
      std::size_t visible = 0;
      for (std::size_t i = 0; i < rows; ++i) visible = std::max(visible, memory_.rows[first + i].visible);
      if (visible <= key) continue;
      const auto seen = std::min(count, visible - key);
      if (block_.rows > 1)
        score_tile(rows, memory_.queries + first * call_.head_size, memory_.keys, columns, call_.head_size, memory_.scores);
      else
        multiply_by_each(memory_.queries, keys, span.key.row_stride, seen, call_.head_size, memory_.scores);
      float decay[kTileRows];
      for (std::size_t i = 0; i < rows; ++i)
        decay[i] = weigh_row(memory_.rows[first + i], memory_.scores + i * kScoreStride, key, seen);
      sum_tile(rows, memory_.scores, values, value_stride, seen, decay, memory_.sums + first * value_stride_, value_stride_);
    }
  }

  void copy_values(const float* from, std::size_t stride, std::size_t count) {
    for (std::size_t t = 0; t < count; ++t) {
      float* const to = memory_.values + t * value_stride_;
      std::memcpy(to, from + t * stride, call_.value_size * sizeof(float));
      std::fill(to + call_.value_size, to + value_stride_, 0.0f);
    }
  }

  // The scores of `count` keys become weights.
  float weigh_row(QueryRow& row, float* scores, std::size_t key, std::size_t count) const {
    const auto visible = row.visible > key ? std::min(count, row.visible - key) : 0;
    if (call_.softcap > 0) cap_softly(scores, visible, call_.softcap);
    switch (call_.mask.kind) {
      case Mask::Kind::kNone:
        row.softmax.shown = true;
        break;
      case Mask::Kind::kAdditive:
        row.softmax.shown |= add_mask(static_cast<const float*>(row.mask) + key, visible, scores);
        break;
      case Mask::Kind::kBoolean:
        row.softmax.shown |= add_mask(static_cast<const std::uint8_t*>(row.mask) + key, visible, scores);
        break;
    }
    const auto whole = round_up(count, kFloatLanes);
    std::fill(scores + visible, scores + whole, kNegativeInfinity);
    return weigh(scores, whole, row.softmax);
  }

  void write() const {
    for (std::size_t r = 0; r < block_.rows; ++r) {
      const auto& row = memory_.rows[r];
      const float* const sums = memory_.sums + r * value_stride_;
      const float factor = 1.0f / row.softmax.sum;
      for (std::size_t j = 0; j < call_.value_size; ++j) row.y[j] = row.softmax.shown ? sums[j] * factor : 0.0f;
    }
  }

  const AttentionCall& call_;
  const QueryBlock block_;
  const std::size_t value_stride_, tiles_;
  const BlockMemory memory_;
};

// Copies both spans of one key head behind each other.
inline void join(const AttentionCall& call, const QueryBlock& block, const Heads<float>& present, KeyRows KeySpan::*part,
                 std::size_t size) {
  if (!present.data) return;
  std::size_t row = 0;
  for (const auto& span : call.spans) {
    for (std::size_t t = 0; t < span.length; ++t, ++row)
      std::memcpy(present.at(block.batch, block.key_head, row), (span.*part).at(block.batch, block.key_head, t),
                  size * sizeof(float));
  }
}

inline void attend_block(const AttentionCall& call, const QueryBlock& block) {
  if (block.first_row == 0) {
    join(call, block, call.present_key, &KeySpan::key, call.head_size);
    join(call, block, call.present_value, &KeySpan::value, call.value_size);
  }
  if (block.rows) BlockAttention(call, block)();
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn
HWY_AFTER_NAMESPACE();

#endif
