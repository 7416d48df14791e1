// How the next token is chosen: repetition penalty, then greedily or by temperature, top-k and top-p.
#pragma once

#include "random.hpp"
#include "settings.hpp"

namespace edgeattn {

/// Returns the next token by penalized logits, the largest of them finite: of a tie the lowest.
std::int64_t choose(const std::vector<float>& logits, const Settings& options, Random& random);

/// Returns the places of the `count` largest numbers, the largest first and of a tie the first.
template <class Number>
Tokens likeliest(const std::vector<Number>& scores, std::int64_t count);

/// Writes the log-probabilities of logits, the largest of them finite.
void log_softmax(const float* logits, std::vector<double>& log_probabilities);

/// Returns one of them.
double log_softmax_at(const std::vector<float>& logits, std::int64_t token);

/// Makes tokens that came before less likely (Keskar et al. 2019, section 4.1): a negative score is
/// multiplied by the penalty, any other divided by it.
template <class Number>
void penalize(std::vector<Number>& scores, const Tokens& tokens, const Settings& options);

}  // namespace edgeattn
