#include "vocabulary.hpp"

#include <functional>

namespace edgeattn::text {

std::size_t Vocabulary::place(std::string_view token) const {
  const auto mask = places_.size() - 1;
  auto at = static_cast<std::size_t>(spread(std::hash<std::string_view>{}(token))) & mask;
  while (places_[at] != 0 && text(entries_[places_[at] - 1]) != token) at = (at + 1) & mask;
  return at;
}

void Vocabulary::add(std::string_view token, std::uint32_t id) {
  if (2 * (entries_.size() + 1) > places_.size()) {
    places_.assign(2 * places_.size(), 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) places_[place(text(entries_[i]))] = static_cast<std::uint32_t>(i + 1);
  }
  auto& number = places_[place(token)];
  if (number == 0) {
    entries_.push_back({texts_.size(), token.size(), id});
    texts_.append(token);
    number = static_cast<std::uint32_t>(entries_.size());
  }
  entries_[number - 1].id = id;
  by_id_[id] = number - 1;
}

std::optional<std::uint32_t> Vocabulary::id(std::string_view token) const {
  const auto number = places_[place(token)];
  return number ? std::optional(entries_[number - 1].id) : std::nullopt;
}

std::string_view Vocabulary::token(std::uint32_t id) const {
  const auto* number = by_id_.find(id);
  return number ? text(entries_[*number]) : std::string_view();
}

}  // namespace edgeattn::text
