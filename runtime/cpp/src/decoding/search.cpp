#include "search.hpp"

#include <cmath>

namespace edgeattn {

double normalized(double total, std::size_t length, const Settings& options) {
  return total / std::pow(static_cast<double>(length), *options.length_penalty);
}

bool is_beyond(double score, double best, std::size_t length, std::size_t limit, const Settings& options) {
  if (*options.early_stopping == EarlyStopping::yes) return true;
  const bool at_any_length = *options.early_stopping == EarlyStopping::never && *options.length_penalty > 0;
  return normalized(best, at_any_length ? limit : length, options) <= score;
}

SingleSearch::SingleSearch(Tokens begin, std::int64_t limit, const Stops& stops, const Settings& options,
                           std::uint64_t seed, std::unique_ptr<AnswerText> text)
    : tokens_(std::move(begin)),
      prompt_length_(tokens_.size()),
      limit_(static_cast<std::size_t>(limit)),
      stops_(stops),
      options_(options),
      random_(seed),
      text_(std::move(text)) {}

std::optional<Continuation> SingleSearch::advance(const Logits& logits) {
  const auto* row = logits.rows.front();
  scores_.assign(row, row + logits.vocabulary);
  penalize(scores_, tokens_, options_);
  const auto token = choose(scores_, options_, random_);
  score_ += log_softmax_at(scores_, token);
  const auto shared = tokens_.size();
  tokens_.push_back(token);
  const auto stopped = stops_.stop_length(tokens_, prompt_length_);
  const bool ended = stopped > 0 || generated() == limit_;
  const auto withheld = ended ? stopped : stops_.partial_length(tokens_, prompt_length_);
  if (is_heard(generated() - withheld) && !ended) return Continuation{{0}, {token}, shared};
  if (text_) text_->finish();
  return std::nullopt;
}

/// Hands out the new tokens up to there; false where it is to end.
bool SingleSearch::is_heard(std::size_t settled) {
  while (settled_ < settled) {
    const auto token = tokens_[prompt_length_ + settled_++];
    const bool goes_on = !options_.on_token || options_.on_token(token);
    if ((text_ && !text_->push(token)) || !goes_on) return false;
  }
  return true;
}

std::vector<Hypothesis> SingleSearch::hypotheses() const {
  const auto first = tokens_.begin() + static_cast<std::ptrdiff_t>(prompt_length_);
  return {{{first, first + static_cast<std::ptrdiff_t>(settled_)},
           normalized(score_, generated(), options_),
           text_ ? std::optional(text_->text()) : std::nullopt}};
}

}  // namespace edgeattn
