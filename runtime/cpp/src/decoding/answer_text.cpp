#include "answer_text.hpp"

#include <algorithm>

namespace edgeattn {

void check_stop_strings(const std::vector<std::string>& stops) {
  for (const auto& stop : stops)
    if (stop.empty()) throw InputError("stop_strings: an empty text found, at least one character expected");
}

AnswerText::AnswerText(const Model& model, const Settings& options) : options_(options), stream_(model) {}

bool AnswerText::push(std::int64_t token) { return take(stream_.push(token)); }

void AnswerText::finish() {
  if (!ended_ && take(stream_.finish())) hear(waiting_.size());
}

/// Takes text in; false where a stop string stands in it, or the caller ends the answer.
bool AnswerText::take(const std::string& piece) {
  waiting_ += piece;
  auto stopped = std::string::npos;
  for (const auto& stop : options_.stop_strings) stopped = std::min(stopped, waiting_.find(stop));
  if (stopped == std::string::npos) return hear(certain());
  ended_ = true;
  return hear(stopped);
}

/// Hands out the first of the text that waits; false where the caller ends the answer.
bool AnswerText::hear(std::size_t size) {
  const auto piece = waiting_.substr(0, size);
  waiting_.erase(0, size);
  heard_ += piece;
  if (!piece.empty() && options_.on_text && !options_.on_text(piece)) ended_ = true;
  return !ended_;
}

/// Returns how much of the text that waits begins no stop string.
std::size_t AnswerText::certain() const {
  std::size_t withheld = 0;
  for (const auto& stop : options_.stop_strings)
    for (auto size = std::min(stop.size() - 1, waiting_.size()); size > withheld; --size)
      if (waiting_.compare(waiting_.size() - size, size, stop, 0, size) == 0) withheld = size;
  return waiting_.size() - withheld;
}

}  // namespace edgeattn
