#include "stops.hpp"

#include <algorithm>

#include "words.hpp"

namespace edgeattn {

void check_tokens(const std::string& name, const Tokens& tokens, std::int64_t vocabulary, std::size_t least) {
  if (tokens.size() < least) throw InputError(words(name, ": no token found, at least ", least, " expected"));
  for (const auto token : tokens)
    if (token < 0 || token >= vocabulary)
      throw InputError(
          words(name, ": token ", token, " found, 0 to ", vocabulary - 1, " expected; check the tokenizer"));
}

Stops::Stops(const Tokens& stop, const std::vector<Tokens>& sequences, std::int64_t vocabulary) {
  check_tokens("stop", stop, vocabulary, 0);
  for (const auto token : stop) by_last_[token].push_back({token});
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    check_tokens(words("stop_sequences[", i, "]"), sequences[i], vocabulary, 1);
    by_last_[sequences[i].back()].push_back(sequences[i]);
  }
  for (auto& [last, stops] : by_last_)
    std::stable_sort(stops.begin(), stops.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::size_t Stops::stop_length(const Tokens& tokens, std::size_t first) const {
  const auto stops = by_last_.find(tokens.back());
  if (stops == by_last_.end()) return 0;
  for (const auto& stop : stops->second)
    if (stop.size() <= tokens.size() - first && std::equal(stop.rbegin(), stop.rend(), tokens.rbegin()))
      return stop.size();
  return 0;
}

std::size_t Stops::partial_length(const Tokens& tokens, std::size_t first) const {
  std::size_t most = 0;
  for (const auto& [last, stops] : by_last_)
    for (const auto& stop : stops)
      for (auto length = std::min(stop.size() - 1, tokens.size() - first); length > most; --length)
        if (std::equal(stop.begin(), stop.begin() + static_cast<std::ptrdiff_t>(length),
                       tokens.end() - static_cast<std::ptrdiff_t>(length)))
          most = length;
  return most;
}

}  // namespace edgeattn
