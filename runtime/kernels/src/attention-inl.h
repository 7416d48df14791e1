// Attention of one block of queries, for each target.

#if defined(EDGEATTN_ATTENTION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_ATTENTION_INL_H
#undef EDGEATTN_ATTENTION_INL_H
#else
#define EDGEATTN_ATTENTION_INL_H
#endif

#include <algorithm>

#include "attention_kernel.hpp"
#include "float_product-inl.h"
#include "hwy/highway.h"
#include "query_blocks.hpp"
#include "scratch.hpp"
#include "softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kKeyBlock = 128;
constexpr std::size_t kScoreStride =
    kKeyBlock + 16;  // no power of 2: rows of a tile fall into different cache sets

constexpr std::size_t kFewRows = 4;  // that read keys as they lie

struct QueryRow {
  float* y;
  const void* mask;
  std::size_t visible;  // keys before causality or the mask's end hides the rest
  RunningSoftmax softmax;
};

// What a block of queries is computed in.
struct BlockMemory {
  QueryRow* rows;
  float* queries;   // (rows, head size in whole vectors), times scale
  float* keys;      // (head size, keys of a block)
  float* values;    // (keys of a block, value size in whole vectors)
  float* restored;  // (keys of a block, head size in whole vectors), of keys in int8
  float* scores;    // (rows of a tile, kScoreStride)
  float* sums;      // (rows, value size in whole vectors)
};

inline BlockMemory block_memory(const AttentionCall& call, std::size_t rows) {
  const auto keys = round_up(std::min(call.keys(), kKeyBlock), kLanes);
  const auto head = round_up(call.head_size, kLanes), values = round_up(call.value_size, kLanes);
  const auto restored = call.int8_span.length ? keys * head : 0;
  ScratchSize size;
  size.add<QueryRow>(rows);
  for (const auto floats :
       {rows * head, keys * call.head_size, keys * values, restored, kTileRows * kScoreStride, rows * values})
    size.add<float>(floats);
  Scratch scratch(size);
  return {scratch.take<QueryRow>(rows),
          scratch.take<float>(rows * head),
          scratch.take<float>(keys * call.head_size),
          scratch.take<float>(keys * values),
          scratch.take<float>(restored),
          scratch.take<float>(kTileRows * kScoreStride),
          scratch.take<float>(rows * values)};
}

class BlockAttention {
 public:
  BlockAttention(const AttentionCall& call, const QueryBlock& block)
      : call_(call),
        block_(block),
        query_stride_(round_up(call.head_size, kLanes)),
        value_stride_(round_up(call.value_size, kLanes)),
        tiles_((block.rows + kTileRows - 1) / kTileRows),
        memory_(block_memory(call, block.rows)) {}

  void operator()() {
    load_rows();
    std::size_t visible = 0;
    for (std::size_t r = 0; r < block_.rows; ++r) visible = std::max(visible, memory_.rows[r].visible);
    std::size_t before = 0;
    for (const auto& span : call_.spans) {
      const auto end = std::min(before + span.length, visible);
      for (std::size_t key = before; key < end; key += kKeyBlock)
        attend_to(span, key - before, key, std::min(kKeyBlock, end - key));
      before += span.length;
    }
    const auto end = std::min(call_.int8_span.length, visible);
    for (std::size_t key = 0; key < end; key += kKeyBlock)
      attend_to(call_.int8_span, key, std::min(kKeyBlock, end - key));
    write();
  }

 private:
  // Whether keys are transposed, which is worth while for many rows.
  bool is_packed() const { return block_.rows > kFewRows; }
  std::size_t first_row(std::size_t tile) const { return block_.rows * tile / tiles_; }

  void load_rows() {
    const auto& mask = call_.mask;
    const auto visible = mask.kind == Mask::Kind::kNone ? call_.keys() : std::min(call_.keys(), mask.length);
    const auto element = mask.kind == Mask::Kind::kAdditive ? sizeof(float) : 1;
    auto head = block_.key_head * (call_.heads / call_.key_heads) + block_.first_row / call_.queries;
    auto query = block_.first_row % call_.queries;
    for (std::size_t r = 0; r < block_.rows; ++r) {
      const auto at = block_.batch * mask.batch_stride + head * mask.head_stride + query * mask.query_stride;
      memory_.rows[r] = {call_.y.at(block_.batch, head, query),
                         static_cast<const std::uint8_t*>(mask.data) + at * element,
                         call_.causal ? std::min(visible, call_.spans[0].length + query + 1) : visible,
                         {}};
      scale_row(call_.query.at(block_.batch, head, query), call_.head_size, call_.scale,
                memory_.queries + r * query_stride_);
      if (++query == call_.queries) {
        query = 0;
        ++head;
      }
    }
  }

  // Lets all rows see `count` keys of a span, which are those from `key` on of all spans.
  void attend_to(const KeySpan& span, std::size_t at, std::size_t key, std::size_t count) {
    const Rows keys = {span.key.at(block_.batch, block_.key_head, at), span.key.row_stride};
    const Rows values = {span.value.at(block_.batch, block_.key_head, at), span.value.row_stride};
    const bool as_they_lie = !is_packed() && call_.value_size == value_stride_;
    attend_to(keys, as_they_lie ? values : packed_values(values, count), key, count);
  }

  // The same of keys in int8: few rows read them as they lie, for more they are restored once.
  void attend_to(const Int8KeySpan& span, std::size_t key, std::size_t count) {
    const auto row = [&](const auto& heads) { return heads.at(block_.batch, block_.key_head, key); };
    const RowsOf<std::int8_t> keys = {row(span.key), span.key.row_stride};
    const RowsOf<std::int8_t> values = {row(span.value), span.value.row_stride};
    const float *key_scale = row(span.key_scale), *value_scale = row(span.value_scale);
    if (block_.rows <= kFewRows && call_.value_size == value_stride_)
      return attend_few(keys, key_scale, values, value_scale, key, count);
    for (std::size_t t = 0; t < count; ++t) {
      scale_row(keys.data + t * keys.stride, call_.head_size, key_scale[t],
                memory_.restored + t * query_stride_);
      scale_row(values.data + t * values.stride, call_.value_size, value_scale[t],
                memory_.values + t * value_stride_);
    }
    attend_to(Rows{memory_.restored, query_stride_}, Rows{memory_.values, value_stride_}, key, count);
  }

  void attend_few(RowsOf<std::int8_t> keys, const float* key_scale, RowsOf<std::int8_t> values,
                  const float* value_scale, std::size_t key, std::size_t count) {
    std::size_t seen = 0;
    for (std::size_t i = 0; i < block_.rows; ++i) seen = std::max(seen, memory_.rows[i].visible);
    seen = std::min(count, seen - key);
    multiply_few(block_.rows, {memory_.queries, query_stride_}, keys, seen);
    float decay[kFewRows];
    for (std::size_t i = 0; i < block_.rows; ++i) {
      float* const scores = memory_.scores + i * kScoreStride;
      scale_each(scores, key_scale, seen);
      decay[i] = weigh_row(memory_.rows[i], scores, key, seen);
      scale_each(scores, value_scale, seen);
    }
    multiply(block_.rows, {memory_.scores, kScoreStride}, values, seen, key ? decay : nullptr, memory_.sums,
             value_stride_, value_stride_);
  }

  // The scores of up to kFewRows queries.
  template <class T>
  void multiply_few(std::size_t rows, Rows queries, RowsOf<T> keys, std::size_t count) const {
    std::size_t i = 0;
    for (; i + 2 <= rows; i += 2)
      multiply_by_each<2>({queries.data + i * queries.stride, queries.stride}, keys, count, call_.head_size,
                          memory_.scores + i * kScoreStride, kScoreStride);
    if (i < rows)
      multiply_by_each<1>({queries.data + i * queries.stride, queries.stride}, keys, count, call_.head_size,
                          memory_.scores + i * kScoreStride, kScoreStride);
  }

  // The same of keys and of values in whole vectors.
  void attend_to(Rows keys, Rows values, std::size_t key, std::size_t count) {
    const auto columns = round_up(count, kLanes);
    if (is_packed()) transpose(keys, count, call_.head_size, memory_.keys, columns);
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
      const auto first = first_row(tile), rows = first_row(tile + 1) - first;
      std::size_t visible = 0;
      for (std::size_t i = 0; i < rows; ++i) visible = std::max(visible, memory_.rows[first + i].visible);
      if (visible <= key) continue;
      const auto seen = std::min(count, visible - key);
      const Rows queries = {memory_.queries + first * query_stride_, query_stride_};
      if (is_packed())
        multiply(rows, queries, Rows{memory_.keys, columns}, call_.head_size, nullptr, memory_.scores,
                 kScoreStride, round_up(seen, kLanes));
      else
        multiply_few(rows, queries, keys, seen);
      float decay[kTileRows];
      for (std::size_t i = 0; i < rows; ++i)
        decay[i] = weigh_row(memory_.rows[first + i], memory_.scores + i * kScoreStride, key, seen);
      multiply(rows, {memory_.scores, kScoreStride}, values, seen, key ? decay : nullptr,
               memory_.sums + first * value_stride_, value_stride_, value_stride_);
    }
  }

  Rows packed_values(Rows values, std::size_t count) const {
    for (std::size_t t = 0; t < count; ++t)
      scale_row(values.data + t * values.stride, call_.value_size, 1, memory_.values + t * value_stride_);
    return {memory_.values, value_stride_};
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
    const auto whole = round_up(count, kLanes);
    std::fill(scores + visible, scores + whole, kNegativeInfinity);
    return weigh(scores, whole, row.softmax);
  }

  void write() const {
    for (std::size_t r = 0; r < block_.rows; ++r) {
      const auto& row = memory_.rows[r];
      if (row.softmax.shown)
        scale_row_within(memory_.sums + r * value_stride_, call_.value_size, 1 / row.softmax.sum, row.y);
      else
        std::fill_n(row.y, call_.value_size, 0.0f);
    }
  }

  const AttentionCall& call_;
  const QueryBlock block_;
  const std::size_t query_stride_, value_stride_, tiles_;
  const BlockMemory memory_;
};

// Copies the keys, or the values, of both spans behind each other.
inline void join(const AttentionCall& call, const QueryBlock& block, Heads<const float> KeySpan::* part,
                 std::size_t size, const Heads<float>& present) {
  if (!present.data) return;
  float* to = present.at(block.batch, block.key_head, 0);
  for (const auto& span : call.spans) {
    if (span.length == 0) continue;  // perhaps without data
    const Heads<const float>& heads = span.*part;
    const float* const from = heads.at(block.batch, block.key_head, 0);
    if (heads.row_stride == size)
      std::copy_n(from, span.length * size, to);
    else
      for (std::size_t t = 0; t < span.length; ++t)
        std::copy_n(from + t * heads.row_stride, size, to + t * size);
    to += span.length * size;
  }
}

inline void attend_block(const AttentionCall& call, const QueryBlock& block) {
  if (block.first_row == 0) {
    join(call, block, &KeySpan::key, call.head_size, call.present_key);
    join(call, block, &KeySpan::value, call.value_size, call.present_value);
  }
  if (block.rows) BlockAttention(call, block)();
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#endif
