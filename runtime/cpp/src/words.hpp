// The words that errors are made of.
#pragma once

#include <sstream>
#include <string>

#include "edgeattn.hpp"

namespace edgeattn {

/// Writes all parts one after the other.
template <class... Parts>
std::string words(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

inline std::string quoted(const std::string& name) { return "'" + name + "'"; }

/// Writes what `word` makes of every item, with commas between them; "none" where there is no item.
template <class Items, class Word>
std::string listed(const Items& items, Word word) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + word(item);
  return out.empty() ? "none" : out;
}

inline std::string written(const std::string& name) { return name; }
inline std::string written(std::int64_t number) { return std::to_string(number); }
inline std::string written(const Dim& dim) {
  return dim.symbol.empty() ? std::to_string(dim.size) : dim.symbol;
}

template <class Items>
std::string listed(const Items& items) {
  return listed(items, [](const auto& item) { return written(item); });
}

template <class Value>
std::string keys(const std::map<std::string, Value>& table) {
  return listed(table, [](const auto& pair) { return pair.first; });
}

inline std::string written(const TensorSpec& tensor) {
  return words(tensor.name, ": ", tensor.dtype, "[", tensor.dims.empty() ? "" : listed(tensor.dims), "]");
}

inline std::string written(const Bounds& bounds) {
  return bounds.max ? words(bounds.min, " to ", *bounds.max) : words("at least ", bounds.min);
}

inline std::string written(const Sizes& sizes) {
  return listed(sizes, [](const auto& size) { return words(size.first, " ", size.second); });
}

}  // namespace edgeattn
