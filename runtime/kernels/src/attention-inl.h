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
#include "int16_product-inl.h"
#include "quads-inl.h"
#include "query_blocks.hpp"
#include "scratch.hpp"
#include "softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kKeyBlock = 128;
constexpr std::size_t kScoreStride =
    kKeyBlock + 16;  // no power of 2: rows of a tile fall into different cache sets

constexpr std::size_t kTilesWorthACopy = 4;  // of values, whose rows may lie in few cache sets
constexpr std::size_t kFewRows = 2 * kInt16Rows;  // that read keys as they lie
static_assert(kFewRows <= kTileRows);  // so they are one tile
constexpr std::size_t kFewRowsKeyBlock =
    512;  // of int8, as a softmax of fewer keys mostly waits for its sums
constexpr std::size_t kFewRowsScoreStride = kFewRowsKeyBlock + 16;
constexpr std::size_t kScores = std::max(kTileRows * kScoreStride, kFewRows* kFewRowsScoreStride);

struct QueryRow {
  float* y;
  const void* mask;
  std::size_t visible;  // keys before causality or the mask's end hides the rest
  RunningSoftmax softmax;
};

// What a block of queries is computed in.
struct BlockMemory {
  QueryRow* rows;
  float* queries;            // (rows, head size in whole vectors), times scale
  float* keys;               // (head size, keys of a block)
  float* values;             // (keys of a block, value size in whole vectors)
  float* restored;           // (keys of a block, head size in whole vectors), of keys in int8
  float* scores;             // (rows of a tile, kScoreStride), or (few rows, kFewRowsScoreStride)
  float* sums;               // (rows, value size in whole vectors)
  std::int16_t* rounded;     // (head size in whole vectors of bytes), of one query
  std::int16_t* pairs;       // of few queries, see Int16Queries
  std::int8_t* first_value;  // (value size), behind what is read before it
};

// Whether a block of queries reads keys and values in int8 as they lie.
inline bool reads_int8(const AttentionCall& call, std::size_t rows) {
  return call.int8_span.length && rows <= kFewRows && call.head_size <= kMostInt16Size &&
         call.value_size % kLanes == 0;
}

inline BlockMemory block_memory(const AttentionCall& call, std::size_t rows) {
  const auto keys = round_up(std::min(call.keys(), kKeyBlock), kLanes);
  const auto head = round_up(call.head_size, kLanes), values = round_up(call.value_size, kLanes);
  const bool as_they_lie = reads_int8(call, rows);
  const auto restored = call.int8_span.length && !as_they_lie ? keys * head : 0;
  const auto rounded = as_they_lie ? round_up(call.head_size, kQuadGroup) : 0;
  const auto pairs = as_they_lie ? int16_pairs(round_up(rows, kInt16Rows), call.head_size) : 0;
  const auto first_value = as_they_lie ? kQuad + call.value_size : 0;
  ScratchSize size;
  size.add<QueryRow>(rows);
  for (const auto floats :
       {rows * head, keys * call.head_size, keys * values, restored, kScores, rows * values})
    size.add<float>(floats);
  for (const auto shorts : {rounded, pairs}) size.add<std::int16_t>(shorts);
  size.add<std::int8_t>(first_value);
  Scratch scratch(size);
  return {scratch.take<QueryRow>(rows),
          scratch.take<float>(rows * head),
          scratch.take<float>(keys * call.head_size),
          scratch.take<float>(keys * values),
          scratch.take<float>(restored),
          scratch.take<float>(kScores),
          scratch.take<float>(rows * values),
          scratch.take<std::int16_t>(rounded),
          scratch.take<std::int16_t>(pairs),
          scratch.take<std::int8_t>(first_value) + (as_they_lie ? kQuad : 0)};
}

class BlockAttention {
 public:
  BlockAttention(const AttentionCall& call, const QueryBlock& block)
      : call_(call),
        block_(block),
        query_stride_(round_up(call.head_size, kLanes)),
        value_stride_(round_up(call.value_size, kLanes)),
        reads_int8_(reads_int8(call, block.rows)),
        values_in_quads_(reads_int8_ && call.value_size % kQuadGroup == 0),
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
    const auto block = reads_int8_ ? kFewRowsKeyBlock : kKeyBlock;
    for (std::size_t key = 0; key < end; key += block)
      attend_to(call_.int8_span, key, std::min(block, end - key));
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
    for (std::size_t r = 0; r < block_.rows; ++head, query = 0) {
      const auto end = std::min(block_.rows, r + call_.queries - query);  // of the head's rows
      const auto at = block_.batch * mask.batch_stride + head * mask.head_stride + query * mask.query_stride;
      const auto* row_mask = static_cast<const std::uint8_t*>(mask.data) + at * element;
      const float* from = call_.query.at(block_.batch, head, query);
      float* y = call_.y.at(block_.batch, head, query);
      for (; r < end; ++r, ++query) {
        const auto seen = call_.causal ? std::min(visible, call_.spans[0].length + query + 1) : visible;
        memory_.rows[r] = {y, row_mask, seen, {}};
        load_query(r, from);
        y += call_.y.row_stride;
        from += call_.query.row_stride;
        row_mask += mask.query_stride * element;
      }
    }
  }

  void load_query(std::size_t row, const float* query) {
    if (!reads_int8_)
      return scale_row(query, call_.head_size, call_.scale, memory_.queries + row * query_stride_);
    const auto padded = round_up(call_.head_size, kQuadGroup), first = row / kInt16Rows * kInt16Rows;
    auto* const pairs = memory_.pairs + int16_pairs(first, call_.head_size);
    auto& queries = queries_[row / kInt16Rows];
    queries.size = call_.head_size;
    queries.pairs = pairs;
    queries.steps[row - first] =
        round_to_int16(query, call_.head_size, padded, memory_.rounded) * call_.scale;
    queries.offsets[row - first] =
        lay_out_query(memory_.rounded, padded, std::min(kInt16Rows, block_.rows - first),
                      pairs + (row - first) * 2 * kPairs);
  }

  // Lets all rows see `count` keys of a span, which are those from `key` on of all spans.
  void attend_to(const KeySpan& span, std::size_t at, std::size_t key, std::size_t count) {
    const Rows keys = {span.key.at(block_.batch, block_.key_head, at), span.key.row_stride};
    const Rows values = {span.value.at(block_.batch, block_.key_head, at), span.value.row_stride};
    const bool as_they_lie = tiles_ < kTilesWorthACopy && call_.value_size == value_stride_;
    attend_to(keys, as_they_lie ? values : packed_values(values, count), key, count);
  }

  // The same of keys in int8: for many rows they are restored once.
  void attend_to(const Int8KeySpan& span, std::size_t key, std::size_t count) {
    const auto row = [&](const auto& heads) { return heads.at(block_.batch, block_.key_head, key); };
    const RowsOf<std::int8_t> keys = {row(span.key), span.key.row_stride};
    const RowsOf<std::int8_t> values = {row(span.value), span.value.row_stride};
    const float *key_scale = row(span.key_scale), *value_scale = row(span.value_scale);
    if (reads_int8_) return attend_few(keys, key_scale, values, value_scale, key, count);
    for (std::size_t t = 0; t < count; ++t) {
      scale_row(keys.data + t * keys.stride, call_.head_size, key_scale[t],
                memory_.restored + t * query_stride_);
      scale_row(values.data + t * values.stride, call_.value_size, value_scale[t],
                memory_.values + t * value_stride_);
    }
    attend_to(Rows{memory_.restored, query_stride_}, Rows{memory_.values, value_stride_}, key, count);
  }

  // The same for few rows, which read keys and values as they lie.
  void attend_few(RowsOf<std::int8_t> keys, const float* key_scale, RowsOf<std::int8_t> values,
                  const float* value_scale, std::size_t key, std::size_t count) {
    for (std::size_t i = 0; i < block_.rows; i += kInt16Rows)
      score(std::min(kInt16Rows, block_.rows - i), queries_[i / kInt16Rows], keys, key_scale, count,
            memory_.scores + i * kFewRowsScoreStride, kFewRowsScoreStride);
    const auto scaled = [&](std::size_t t, std::size_t left, FloatVector weight) HWY_ATTR {
      const float* const scale = value_scale + t;
      return hn::Mul(weight, left == kLanes ? load_floats(scale) : load_floats(scale, left));
    };
    float decay[kFewRows];
    weigh_rows(memory_.rows, block_.rows, kFewRowsScoreStride, key, count, scaled, decay);
    sum_values(values, count, key ? decay : nullptr);
  }

  void sum_values(RowsOf<std::int8_t> values, std::size_t count, const float* decay) const {
    if (!values_in_quads_) return sum_few(values, 0, count, decay);
    const RowsOf<Quad> quads = {reinterpret_cast<const Quad*>(values.data), values.stride};
    if (values.data != call_.int8_span.value.data) return sum_few(quads, 0, count, decay);
    // The tensor's first row: nothing may be read before it.
    std::copy_n(values.data, call_.value_size, memory_.first_value);
    sum_few(RowsOf<Quad>{reinterpret_cast<const Quad*>(memory_.first_value), 0}, 0, 1, decay);
    constexpr float kKept[kFewRows] = {1, 1, 1, 1};
    sum_few(RowsOf<Quad>{quads.data + quads.stride, quads.stride}, 1, count - 1, kKept);
  }

  // Adds `count` values from `key` of the block on, by their weights, to two rows at once.
  template <class T>
  void sum_few(RowsOf<T> values, std::size_t key, std::size_t count, const float* decay) const {
    for (std::size_t i = 0; i < block_.rows; i += 2)
      multiply<2>(std::min<std::size_t>(2, block_.rows - i),
                  {memory_.scores + i * kFewRowsScoreStride + key, kFewRowsScoreStride}, values, count,
                  decay ? decay + i : nullptr, memory_.sums + i * value_stride_, value_stride_,
                  value_stride_);
  }

  // The scores of up to kFewRows queries.
  void multiply_few(std::size_t rows, Rows queries, Rows keys, std::size_t count) const {
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
      weigh_rows(memory_.rows + first, rows, kScoreStride, key, seen,
                 [](std::size_t, std::size_t, FloatVector weight) HWY_ATTR { return weight; }, decay);
      multiply(rows, {memory_.scores, kScoreStride}, values, seen, key ? decay : nullptr,
               memory_.sums + first * value_stride_, value_stride_, value_stride_);
    }
  }

  Rows packed_values(Rows values, std::size_t count) const {
    for (std::size_t t = 0; t < count; ++t)
      scale_row(values.data + t * values.stride, call_.value_size, 1, memory_.values + t * value_stride_);
    return {memory_.values, value_stride_};
  }

  // The scores of `count` keys become weights, those of a tile's rows. Their extents come first: a row would
  // wait for its own.
  template <class Stored>
  void weigh_rows(QueryRow* row, std::size_t rows, std::size_t stride, std::size_t key, std::size_t count,
                  const Stored& stored, float* decay) const {
    Extent extents[kTileRows];
    for (std::size_t i = 0; i < rows; ++i)
      extents[i] = masked(row[i], memory_.scores + i * stride, key, count);
    for (std::size_t i = 0; i < rows; ++i)
      decay[i] = weigh(memory_.scores + i * stride, count, extents[i], row[i].softmax, stored);
  }

  // Hides what the row does not see of `count` keys, and adds its mask; returns the extent of all scores.
  Extent masked(const QueryRow& row, float* scores, std::size_t key, std::size_t count) const {
    const auto visible = row.visible > key ? std::min(count, row.visible - key) : 0;
    const auto whole = round_up(count, kLanes);
    if (call_.softcap > 0) cap_softly(scores, visible, call_.softcap);
    std::fill(scores + visible, scores + whole, kNegativeInfinity);
    switch (call_.mask.kind) {
      case Mask::Kind::kAdditive:
        return add_mask(static_cast<const float*>(row.mask) + key, visible, scores);
      case Mask::Kind::kBoolean:
        return add_mask(static_cast<const std::uint8_t*>(row.mask) + key, visible, scores);
      default:
        return extent_of(scores, whole);
    }
  }

  void write() const {
    for (std::size_t r = 0; r < block_.rows; ++r) {
      const auto& row = memory_.rows[r];
      const float* const sums = memory_.sums + r * value_stride_;
      if (row.softmax.shown && values_in_quads_)
        scale_in_order(sums, call_.value_size, 1 / row.softmax.sum, row.y);
      else if (row.softmax.shown)
        scale_row_within(sums, call_.value_size, 1 / row.softmax.sum, row.y);
      else
        std::fill_n(row.y, call_.value_size, 0.0f);
    }
  }

  const AttentionCall& call_;
  const QueryBlock block_;
  const std::size_t query_stride_, value_stride_;
  const bool reads_int8_, values_in_quads_;
  const std::size_t tiles_;
  const BlockMemory memory_;
  Int16Queries queries_[kFewRows / kInt16Rows] = {};
};

// Copies the keys, or the values, of both spans behind each other.
inline void join(const AttentionCall& call, const QueryBlock& block, Heads<const float> KeySpan::*part,
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
