// Reads an object of JSON into a struct, key by key, and refuses all other keys.
//
//     void read(const Field& field, Stack& stack) {
//       Record{field}("sizes", stack.sizes, 1)("rows", stack.rows, 1).end();
//     }
#pragma once

#include <set>

#include "field.hpp"

namespace edgeattn {

/// How many items an array has at least.
struct AtLeast {
  std::size_t items;
};

inline void read(const Field& field, std::string& value) { value = field.text(); }
inline void read(const Field& field, std::string& value, const Field::Names& choices) {
  value = field.one_of(choices);
}
inline void read(const Field& field, std::int64_t& value, std::int64_t least,
                 std::int64_t most = Field::kLargest) {
  value = field.integer(least, most);
}
inline void read(const Field& field, double& value) { value = field.number(); }
inline void read(const Field& field, bool& value) { value = field.flag(); }

/// Each takes what is asked of the values in it behind what is asked of itself.
template <class Value, class... Rules>
void read(const Field& field, std::optional<Value>& value, const Rules&... rules) {
  if (!field.is_null()) read(field, value.emplace(), rules...);
}

template <class Value, class... Rules>
void read(const Field& field, std::vector<Value>& values, AtLeast least, const Rules&... rules) {
  for (const auto& item : field.items(least.items)) read(item, values.emplace_back(), rules...);
}

template <class Value, class... Rules>
void read(const Field& field, std::map<std::string, Value>& values, const Rules&... rules) {
  for (const auto& [name, item] : field.table()) read(item, values[name], rules...);
}

class Record {
 public:
  explicit Record(const Field& field) : field_(field), fields_(field.table()) {}

  /// Reads the value of a key that must be there.
  template <class Value, class... Rules>
  Record& operator()(const std::string& name, Value& value, const Rules&... rules) {
    read((*this)[name], value, rules...);
    return *this;
  }

  /// Reads the value of a key that may be absent, and is never null.
  template <class Value, class... Rules>
  Record& maybe(const std::string& name, std::optional<Value>& value, const Rules&... rules) {
    if (has(name)) read((*this)[name], value.emplace(), rules...);
    return *this;
  }

  bool has(const std::string& name) const { return fields_.count(name) > 0; }

  const Field& operator[](const std::string& name) {
    const auto found = fields_.find(name);
    if (found == fields_.end())
      throw BundleError(words(field_.key(), field_.key().empty() ? "" : ".", name, ": missing"));
    known_.insert(name);
    return found->second;
  }

  /// Refuses the keys that were not asked for; without it they are passed over.
  void end() const {
    for (const auto& [name, field] : fields_)
      if (!known_.count(name))
        throw BundleError(words(field.key(), ": unknown key; expected ", listed(known_)));
  }

 private:
  const Field& field_;
  Field::Table fields_;
  std::set<std::string> known_;
};

}  // namespace edgeattn
