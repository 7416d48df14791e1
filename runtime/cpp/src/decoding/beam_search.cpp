#include "beam_search.hpp"

#include <algorithm>

namespace edgeattn {
namespace {

/// Returns how many first tokens every row has in common with the one that it is replaced by.
std::size_t shared_tokens(const std::vector<Tokens>& running, const std::vector<std::size_t>& rows) {
  auto shared = running.front().size();
  for (std::size_t place = 0; place < std::min(running.size(), rows.size()); ++place) {
    const auto &old = running[place], &now = running[rows[place]];
    const auto differs = std::mismatch(old.begin(), old.end(), now.begin()).first - old.begin();
    shared = std::min(shared, static_cast<std::size_t>(differs));
  }
  return shared;
}

}  // namespace

BeamSearch::BeamSearch(Tokens begin, std::int64_t limit, const Stops& stops, const Settings& options)
    : prompt_length_(begin.size()),
      limit_(static_cast<std::size_t>(limit)),
      width_(static_cast<std::size_t>(*options.num_beams)),
      stops_(stops),
      options_(options),
      running_{std::move(begin)},
      scores_{0} {}

std::optional<Continuation> BeamSearch::advance(const Logits& logits) {
  const auto length = running_.front().size() + 1 - prompt_length_;
  std::vector<Tokens> sequences;
  std::vector<double> scores;
  Continuation next;
  // What ends behind the first candidates is dropped: it is only there so that enough others go on.
  const auto found = candidates(logits);
  for (std::size_t place = 0; place < found.size() && next.rows.size() < width_; ++place) {
    const auto& [row, token, score] = found[place];
    auto sequence = running_[row];
    sequence.push_back(token);
    const auto stopped = stops_.stop_length(sequence, prompt_length_);
    if (stopped > 0 || length == limit_) {
      if (place < width_) finish(sequence, score, stopped);
      continue;
    }
    sequences.push_back(std::move(sequence));
    scores.push_back(score);
    next.rows.push_back(row);
    next.tokens.push_back(token);
  }
  if (sequences.empty() || is_done(scores.front(), length)) return std::nullopt;
  next.shared = shared_tokens(running_, next.rows);
  running_ = std::move(sequences);
  scores_ = std::move(scores);
  return next;
}

std::vector<Hypothesis> BeamSearch::hypotheses() const {
  const auto count = std::min(finished_.size(), static_cast<std::size_t>(options_.num_return_sequences));
  return {finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// Returns the likeliest continuations: for every beam one for each token that may end it, and one that goes on.
std::vector<BeamSearch::Candidate> BeamSearch::candidates(const Logits& logits) {
  row_.resize(logits.vocabulary);
  all_.clear();
  for (std::size_t row = 0; row < running_.size(); ++row) {
    log_softmax(logits.rows[row], row_);
    penalize(row_, running_[row], options_);
    for (const auto score : row_) all_.push_back(score + scores_[row]);
  }
  std::vector<Candidate> best;
  const auto count = std::max<std::size_t>(2, 1 + stops_.last_tokens()) * width_;
  for (const auto place : likeliest(all_, static_cast<std::int64_t>(count))) {
    const auto at = static_cast<std::size_t>(place);
    best.push_back({at / logits.vocabulary, static_cast<std::int64_t>(at % logits.vocabulary), all_[at]});
  }
  return best;
}

void BeamSearch::finish(const Tokens& sequence, double score, std::size_t stop_length) {
  const auto first = static_cast<std::ptrdiff_t>(prompt_length_), stopped = static_cast<std::ptrdiff_t>(stop_length);
  const Hypothesis ended{{sequence.begin() + first, sequence.end() - stopped},
                         normalized(score, sequence.size() - prompt_length_, options_)};
  const auto better = [](const auto& a, const auto& b) { return a.score > b.score; };
  finished_.insert(std::upper_bound(finished_.begin(), finished_.end(), ended, better), ended);  // of a tie the older first
  finished_.resize(std::min(finished_.size(), width_));
}

/// Says whether the search ends, given its best running sequence's log-probability and length.
bool BeamSearch::is_done(double best, std::size_t length) const {
  return finished_.size() == width_ && is_beyond(finished_.back().score, best, length, limit_, options_);
}

}  // namespace edgeattn
