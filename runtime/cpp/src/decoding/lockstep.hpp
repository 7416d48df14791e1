// Many prompts at once: each call takes the next token of every sequence.
#pragma once

#include "decoder.hpp"

namespace edgeattn {

/// A prompt to be continued.
struct Task {
  Tokens begin;     // what the decoder begins with
  Tensors carried;  // what the encoder gave, one row of it; nothing of a decoder alone
  std::unique_ptr<Search> search;
};

/// Runs the searches until each has ended; `width` is the most rows that a search asks for. All sequences of a
/// call have the same number of tokens behind them. So the shortest prompts begin, and a longer one, taken in
/// at once as it would be alone, joins when the others have got as far as it is long.
void run_all(const Decoder& decoder, std::vector<Task>& tasks, std::int64_t width);

}  // namespace edgeattn
