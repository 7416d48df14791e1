// A decoder, step by step: each call writes its tokens' keys and values into a cache that stays in place.
#pragma once

#include "cache.hpp"
#include "search.hpp"

namespace edgeattn {

/// A batch of sequences of equal length, from an empty cache on.
class Stepper {
 public:
  /// `carried` is what the encoder gave of the batch; nothing for a decoder alone.
  Stepper(const Graph& decoder, const Generation& names, Tensors carried, std::size_t batch);

  /// Takes the next tokens of every row, one row behind the other; returns the logits at the last of each row,
  /// which the next call overwrites.
  Logits step(const Tokens& tokens);

  /// How many tokens each sequence has so far.
  std::size_t length() const { return static_cast<std::size_t>(length_); }

  /// Goes on behind the first `length` tokens, at most as many as there are.
  void rewind(std::size_t length) { length_ = static_cast<std::int64_t>(length); }

  /// Goes on with these rows in the places of the batch, and copies only what differs: each has its first
  /// `shared` tokens, and what the encoder gave, in common with the one that it replaces.
  void reorder(const std::vector<std::size_t>& rows, std::size_t shared);

  /// Goes on with these rows alone, in this order; one may be there several times.
  void keep(const std::vector<std::size_t>& rows);

  /// Takes the sequences of another stepper of this graph in behind these; both hold as many tokens.
  void join(Stepper& other);

 private:
  void make_room(std::int64_t total);
  void bind(std::int64_t added);

  const Graph& decoder_;
  const Generation& names_;
  std::map<std::string, std::size_t> batch_axes_;  // of what the encoder gave a row of for every sequence
  Tensors fed_;                                    // carried, cache, tokens and length
  Tensor logits_;
  std::map<std::string, Tensor*> inputs_, outputs_;
  std::vector<std::byte> moved_;
  std::int64_t batch_, vocabulary_, length_ = 0, capacity_ = 0;
};

/// Returns the axis of a tensor that has a symbol, or none.
std::optional<std::size_t> axis_of(const TensorSpec& tensor, const std::string& symbol);

/// Returns the array with these places of an axis, in this order.
Tensor taken(const Tensor& array, std::size_t axis, const std::vector<std::size_t>& places);

/// Returns two arrays behind one another along an axis.
Tensor joined(const Tensor& a, const Tensor& b, std::size_t axis);

/// Returns the axis of the sequences in each tensor that the encoder gives a row of for every sequence.
std::map<std::string, std::size_t> batch_axes(const Generation& names, const GraphSpec& decoder);

}  // namespace edgeattn
