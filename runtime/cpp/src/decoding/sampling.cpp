#include "sampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace edgeattn {
namespace {

/// Returns the sum of the exponentials of how far logits lie below the largest.
double exponentials(const float* logits, std::size_t count, float largest) {
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) total += std::exp(logits[i] - largest);
  return total;
}

void divide(std::vector<double>& masses) {
  const double total = std::accumulate(masses.begin(), masses.end(), 0.0);
  for (auto& mass : masses) mass /= total;
}

std::vector<double> cumulated(const std::vector<double>& masses) {
  std::vector<double> sums(masses.size());
  std::partial_sum(masses.begin(), masses.end(), sums.begin());
  return sums;
}

}  // namespace

std::int64_t choose(const std::vector<float>& logits, const Settings& options, Random& random) {
  if (*options.temperature == 0) return std::max_element(logits.begin(), logits.end()) - logits.begin();
  const auto vocabulary = static_cast<std::int64_t>(logits.size());
  const auto ranked = likeliest(logits, options.top_k.value_or(vocabulary));
  const auto score = [&](std::int64_t token) { return double{logits[static_cast<std::size_t>(token)]}; };
  std::vector<double> masses;
  for (const auto token : ranked)
    masses.push_back(std::exp((score(token) - score(ranked.front())) / *options.temperature));
  divide(masses);
  if (options.top_p) {  // the first that reaches the share is in
    const auto sums = cumulated(masses);
    const auto kept = std::lower_bound(sums.begin(), sums.end(), *options.top_p) - sums.begin() + 1;
    masses.resize(std::min(masses.size(), static_cast<std::size_t>(kept)));
    divide(masses);
  }
  const auto sums = cumulated(masses);
  const auto drawn = std::upper_bound(sums.begin(), sums.end() - 1, random.next() * sums.back());
  return ranked[static_cast<std::size_t>(drawn - sums.begin())];
}

template <class Number>
Tokens likeliest(const std::vector<Number>& scores, std::int64_t count) {
  const auto better = [&](std::int64_t a, std::int64_t b) {
    const auto x = scores[static_cast<std::size_t>(a)], y = scores[static_cast<std::size_t>(b)];
    return x > y || (x == y && a < b);
  };
  Tokens best;  // a heap with the worst of them in front
  const auto size = static_cast<std::int64_t>(scores.size());
  for (std::int64_t place = 0; place < size; ++place) {
    if (static_cast<std::int64_t>(best.size()) == count) {
      if (!better(place, best.front())) continue;
      std::pop_heap(best.begin(), best.end(), better);
      best.pop_back();
    }
    best.push_back(place);
    std::push_heap(best.begin(), best.end(), better);
  }
  std::sort_heap(best.begin(), best.end(), better);
  return best;
}

template Tokens likeliest(const std::vector<float>& scores, std::int64_t count);
template Tokens likeliest(const std::vector<double>& scores, std::int64_t count);

void log_softmax(const float* logits, std::vector<double>& log_probabilities) {
  const auto count = log_probabilities.size();
  const auto largest = *std::max_element(logits, logits + count);
  const double total = std::log(exponentials(logits, count, largest));
  for (std::size_t i = 0; i < count; ++i) log_probabilities[i] = double{logits[i] - largest} - total;
}

double log_softmax_at(const std::vector<float>& logits, std::int64_t token) {
  const auto largest = *std::max_element(logits.begin(), logits.end());
  return double{logits[static_cast<std::size_t>(token)] - largest} -
         std::log(exponentials(logits.data(), logits.size(), largest));
}

template <class Number>
void penalize(std::vector<Number>& scores, const Tokens& tokens, const Settings& options) {
  if (*options.repetition_penalty == 1) return;
  const auto factor = static_cast<Number>(*options.repetition_penalty);
  for (const auto token : std::set<std::int64_t>(tokens.begin(), tokens.end())) {
    auto& score = scores[static_cast<std::size_t>(token)];
    score = score < 0 ? score * factor : score / factor;
  }
}

template void penalize(std::vector<float>& scores, const Tokens& tokens, const Settings& options);
template void penalize(std::vector<double>& scores, const Tokens& tokens, const Settings& options);

}  // namespace edgeattn
