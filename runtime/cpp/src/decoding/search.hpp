// How one prompt is continued, call by call, and the search of a single sequence.
#pragma once

#include "answer_text.hpp"
#include "stops.hpp"

namespace edgeattn {

/// The logits behind each row of a call.
struct Logits {
  std::vector<const float*> rows;
  std::size_t vocabulary = 0;
};

/// What a search asks of the next call.
struct Continuation {
  std::vector<std::size_t> rows;  // from which of its rows each sequence goes on; one may be there several times
  Tokens tokens;                  // what comes next in each
  std::size_t shared = 0;  // first tokens that every row has in common with the one that it is replaced by
};

/// Continues one prompt. It begins with one row, the prompt's, and may ask for several.
class Search {
 public:
  virtual ~Search() = default;

  /// Takes the logits behind each of its rows; none where it has ended.
  virtual std::optional<Continuation> advance(const Logits& logits) = 0;

  /// What it has found once it has ended, the best first.
  virtual std::vector<Hypothesis> hypotheses() const = 0;
};

/// A sum of log-probabilities over its length to the power of a penalty (Wu et al. 2016).
double normalized(double total, std::size_t length, const Settings& options);

/// Says whether a score is beyond beams of a length, at most `limit`, the best's log-probability given.
bool is_beyond(double score, double best, std::size_t length, std::size_t limit, const Settings& options);

/// One sequence, which grows by one token a call.
class SingleSearch : public Search {
 public:
  /// `begin` is what it begins with, `limit` the most new tokens, `text` what decodes them or none. Its tokens are heard
  /// by `options.on_token` and `text` once it is clear that they begin no stop.
  SingleSearch(Tokens begin, std::int64_t limit, const Stops& stops, const Settings& options,
               std::uint64_t seed, std::unique_ptr<AnswerText> text);

  std::optional<Continuation> advance(const Logits& logits) override;
  std::vector<Hypothesis> hypotheses() const override;

 private:
  std::size_t generated() const { return tokens_.size() - prompt_length_; }
  bool is_heard(std::size_t settled);

  Tokens tokens_;
  std::size_t prompt_length_, limit_;
  const Stops& stops_;
  const Settings& options_;
  Random random_;
  std::unique_ptr<AnswerText> text_;
  std::vector<float> scores_;
  double score_ = 0;
  std::size_t settled_ = 0;  // new tokens that have been heard
};

}  // namespace edgeattn
