// libFuzzer's mutation of JSON: mostly one value is replaced, doubled or removed, so that what lies behind
// the parser is reached. Include it once in a fuzzer.
#pragma once

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace edgeattn::fuzzing {

using Json = nlohmann::ordered_json;

constexpr int kDeepest = 64;  // what is nested deeper is mutated as bytes: nlohmann::json writes by recursion

inline bool is_shallow(std::string_view text) {
  int depth = 0, deepest = 0;
  for (const char letter : text) {
    if (letter == '[' || letter == '{') deepest = std::max(deepest, ++depth);
    if (letter == ']' || letter == '}') --depth;
  }
  return deepest <= kDeepest;
}

/// Adds every value below `value`, and the one that holds it.
inline void collect(Json& value, std::vector<std::pair<Json*, Json*>>& found) {
  if (!value.is_structured()) return;
  for (auto& part : value) {
    found.emplace_back(&value, &part);
    collect(part, found);
  }
}

inline const std::vector<Json>& odd_values() {
  static const std::vector<Json> values =
      Json::parse(R"([0, 1, -1, 2, 255, 65536, 2147483648, 4294967295, 9007199254740991,
    9007199254740992, 9223372036854775808, 0.5, 1.0, -0.0, 1e308, 5e-324, "", " ", "a", "\u00e9", "e\u0301", "\u202e", "\u0000",
    "../a", "/a", "manifest.json", "model", "L", null, true, false, [], {}, [[]], [0], {"type": "Lowercase"}, {"String": ""},
    {"Regex": "(a|b)*"}])");
  return values;
}

inline void remove(Json& holder, const Json* value) {
  for (auto item = holder.begin(); item != holder.end(); ++item)
    if (&*item == value) {
      holder.erase(item);
      return;
    }
}

/// Changes one value below `root`; returns whether there was any.
inline bool mutate(Json& root, std::minstd_rand& random) {
  std::vector<std::pair<Json*, Json*>> all;
  collect(root, all);
  if (all.empty()) return false;
  const auto any = [&](const auto& of) { return of[random() % of.size()]; };
  const auto [holder, chosen] = any(all);
  const auto kind = random() % 8;
  if (kind == 0)
    remove(*holder, chosen);
  else if (kind == 1 && holder->is_array())
    holder->push_back(Json(*chosen));
  else if (kind < 4)
    *chosen = any(odd_values());
  else if (kind == 4 && chosen->is_number())
    *chosen = chosen->get<double>() + 1;
  else if (kind == 5 && chosen->is_string())
    *chosen = chosen->get<std::string>() + "a";
  else
    *chosen = Json(*any(all).second);  // what stands elsewhere
  return true;
}

}  // namespace edgeattn::fuzzing

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned int seed) {
  using namespace edgeattn::fuzzing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::minstd_rand random(seed + 1);
  if (random() % 4 == 0 || !is_shallow(text)) return LLVMFuzzerMutate(data, size, most);
  auto root = Json::parse(text, nullptr, false);
  if (root.is_discarded() || !mutate(root, random)) return LLVMFuzzerMutate(data, size, most);
  const auto mutated = root.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (mutated.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, mutated.data(), mutated.size());
  return mutated.size();
}
