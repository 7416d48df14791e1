#include "piece_decoder.hpp"

namespace edgeattn::text {
namespace {

constexpr std::string_view kUnfinished = "\xef\xbf\xbd";  // what a decoder makes of a character that is not whole yet

bool begins_with(const std::string& text, const std::string& beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

bool is_unfinished(const std::string& text) {
  return text.size() >= kUnfinished.size() && text.compare(text.size() - kUnfinished.size(), text.npos, kUnfinished) == 0;
}

}  // namespace

std::string PieceDecoder::push(std::int64_t token) {
  ids_.push_back(token);
  const auto text = tokenizer_->decode(ids_);
  if (text.size() <= told_.size() || !begins_with(text, told_) || is_unfinished(text)) return {};
  auto piece = text.substr(told_.size());
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(known_));
  known_ = ids_.size();
  told_ = tokenizer_->decode(ids_);
  return piece;
}

std::string PieceDecoder::finish() {
  const auto text = tokenizer_->decode(ids_);
  auto rest = begins_with(text, told_) ? text.substr(told_.size()) : std::string();
  ids_.clear();
  told_.clear();
  known_ = 0;
  return rest;
}

}  // namespace edgeattn::text
