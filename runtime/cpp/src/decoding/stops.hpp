// What ends a sequence: a token, or several in a row.
#pragma once

#include <map>

#include "sampling.hpp"

namespace edgeattn {

/// Sequences of tokens, each of which ends the one that it stands at the end of.
class Stops {
 public:
  /// Throws InputError where a token is outside the vocabulary, or a sequence is empty.
  Stops(const Tokens& stop, const std::vector<Tokens>& sequences, std::int64_t vocabulary);

  /// The number of different tokens that may end a sequence.
  std::size_t last_tokens() const { return by_last_.size(); }

  /// Returns how many of the last tokens from `first` on end a sequence: the longest stop; 0 where none does.
  std::size_t stop_length(const Tokens& tokens, std::size_t first) const;

  /// Returns how many of the last tokens from `first` on may turn out to be the beginning of a stop.
  std::size_t partial_length(const Tokens& tokens, std::size_t first) const;

 private:
  std::map<std::int64_t, std::vector<Tokens>> by_last_;  // the longest first
};

/// Throws InputError where there are fewer tokens than `least`, or one is outside the vocabulary.
void check_tokens(const std::string& name, const Tokens& tokens, std::int64_t vocabulary, std::size_t least);

}  // namespace edgeattn
