// The tokens of a model: their texts by id, and their ids by text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flat_map.hpp"

namespace edgeattn::text {

class Vocabulary {
 public:
  /// Adds a token, or gives one that is there another id.
  void add(std::string_view token, std::uint32_t id);

  std::optional<std::uint32_t> id(std::string_view token) const;

  /// Returns a token's text; a null view where there is no such id.
  std::string_view token(std::uint32_t id) const;

  /// Returns how many different texts there are.
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::size_t begin, size;
    std::uint32_t id;
  };

  std::string_view text(const Entry& entry) const { return std::string_view(texts_).substr(entry.begin, entry.size); }
  std::size_t place(std::string_view token) const;

  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> places_ = std::vector<std::uint32_t>(16);  // by hash: an entry's number and 1
  FlatMap<std::uint32_t> by_id_;                                          // an entry's number
};

}  // namespace edgeattn::text
