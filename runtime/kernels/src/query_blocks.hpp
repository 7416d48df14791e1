// How the queries of a call are divided into blocks, which are computed by themselves.
#pragma once

#include <algorithm>
#include <cstddef>

#include "attention_kernel.hpp"

namespace edgeattn::kernels {

constexpr std::size_t kMostRows = 128;

/// Queries that share keys: rows are those of the heads of one key head, head after head.
struct QueryBlock {
  std::size_t batch, key_head, first_row, rows;
};

class QueryBlocks {
 public:
  explicit QueryBlocks(const AttentionCall& call)
      : key_heads_(call.key_heads),
        rows_(call.heads / call.key_heads * call.queries),
        per_head_(std::max<std::size_t>(1, (rows_ + kMostRows - 1) / kMostRows)),
        count_(call.batch * key_heads_ * per_head_) {}

  /// At least one for each key head, which copies its present keys.
  std::size_t count() const { return count_; }
  std::size_t most_rows() const { return (rows_ + per_head_ - 1) / per_head_; }

  QueryBlock operator[](std::size_t i) const {
    const auto part = i % per_head_, head = i / per_head_;
    const auto first = rows_ / per_head_ * part + std::min(part, rows_ % per_head_);
    const auto rows = rows_ / per_head_ + (part < rows_ % per_head_);
    return {head / key_heads_, head % key_heads_, first, rows};
  }

 private:
  std::size_t key_heads_, rows_, per_head_, count_;
};

}  // namespace edgeattn::kernels
