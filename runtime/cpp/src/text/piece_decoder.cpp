#include "piece_decoder.hpp"

#include "unicode.hpp"

namespace edgeattn::text {
namespace {

constexpr std::string_view kUnfinished = "\xef\xbf\xbd";  // what a decoder makes of a character that is not whole yet

/// Returns a text without its first characters, as many as `told` has: a decoder may write what it was not sure of anew.
std::string behind(const std::string& text, const std::string& told) {
  std::size_t at = 0;
  for (auto count = length(told); count > 0 && at < text.size(); --count) at += width(text[at]);
  return text.substr(at);
}

bool is_unfinished(const std::string& text) {
  return text.size() >= kUnfinished.size() &&
         text.compare(text.size() - kUnfinished.size(), std::string::npos, kUnfinished) == 0;
}

}  // namespace

std::string PieceDecoder::push(std::int64_t token) {
  ids_.push_back(token);
  const auto text = tokenizer_->decode(ids_);
  if (is_unfinished(text)) return {};
  auto piece = behind(text, told_);
  if (piece.empty()) return {};
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(known_));
  known_ = ids_.size();
  told_ = tokenizer_->decode(ids_);
  return piece;
}

std::string PieceDecoder::finish() {
  auto rest = behind(tokenizer_->decode(ids_), told_);
  ids_.clear();
  told_.clear();
  known_ = 0;
  return rest;
}

}  // namespace edgeattn::text
