#include "sampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "words.hpp"

namespace edgeattn {

void check_sampling(const GenerateOptions& options) {
  if (!(options.temperature >= 0 && std::isfinite(options.temperature)))
    throw InputError(
        words("temperature: ", options.temperature, " found, a finite number of at least 0 expected"));
  if (options.top_k && *options.top_k < 1)
    throw InputError(words("top_k: ", *options.top_k, " found, at least 1 expected"));
  if (options.top_p && !(*options.top_p > 0 && *options.top_p <= 1))
    throw InputError(words("top_p: ", *options.top_p, " found, above 0 and at most 1 expected"));
}

std::int64_t choose(const float* logits, std::int64_t vocabulary, const GenerateOptions& options,
                    std::mt19937_64& random) {
  if (options.temperature == 0)
    return std::max_element(logits, logits + vocabulary) - logits;  // of a tie the lowest
  std::vector<std::int64_t> ranked(static_cast<std::size_t>(vocabulary));
  std::iota(ranked.begin(), ranked.end(), 0);
  std::stable_sort(ranked.begin(), ranked.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
  ranked.resize(static_cast<std::size_t>(std::min(vocabulary, options.top_k.value_or(vocabulary))));
  std::vector<double> masses;  // cumulated, of the likeliest first
  for (const auto token : ranked)
    masses.push_back(std::exp((double{logits[token]} - logits[ranked[0]]) / options.temperature) +
                     (masses.empty() ? 0 : masses.back()));
  const auto nucleus =
      std::lower_bound(masses.begin(), masses.end(), options.top_p.value_or(1) * masses.back());
  const auto end = nucleus == masses.end() ? nucleus : nucleus + 1;  // the first that reaches the share is in
  const auto drawn = std::generate_canonical<double, 53>(random) * *(end - 1);
  return ranked[static_cast<std::size_t>(std::min(std::upper_bound(masses.begin(), end, drawn), end - 1) -
                                         masses.begin())];
}

}  // namespace edgeattn
