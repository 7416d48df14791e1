// Beam search: the likeliest sequences are continued together, and those that end are ranked by length. Its
// answers, scores and end are those of transformers' generate(num_beams=...).
#pragma once

#include "search.hpp"

namespace edgeattn {

/// One prompt's beams.
class BeamSearch : public Search {
 public:
  /// `begin` is what every sequence begins with, `limit` the most new tokens.
  BeamSearch(Tokens begin, std::int64_t limit, const Stops& stops, const Settings& options);

  std::optional<Continuation> advance(const Logits& logits) override;
  std::vector<Hypothesis> hypotheses() const override;

 private:
  struct Candidate {
    std::size_t row;
    std::int64_t token;
    double score;  // its log-probability
  };

  std::vector<Candidate> candidates(const Logits& logits);
  void finish(const Tokens& sequence, double score, std::size_t stop_length);
  bool is_done(double best, std::size_t length) const;

  std::size_t prompt_length_, limit_, width_;
  const Stops& stops_;
  const Settings& options_;
  std::vector<Tokens> running_;  // the likeliest first
  std::vector<double> scores_;   // their log-probabilities
  std::vector<Hypothesis> finished_;  // the best first
  std::vector<double> row_, all_;     // what candidates are taken from
};

}  // namespace edgeattn
