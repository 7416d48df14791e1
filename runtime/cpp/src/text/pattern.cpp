#include "pattern.hpp"

namespace edgeattn::text {
namespace {

std::variant<std::string, Regex> read(const Component& pattern) {
  if (pattern.has("Regex")) return Regex(pattern.text("Regex"));
  if (!pattern.has("String")) throw pattern.refusal("neither String nor Regex found");
  auto text = pattern.text("String");
  if (text.empty()) throw pattern.refusal("an empty String found, one to look for expected");
  return text;
}

}  // namespace

Pattern::Pattern(const Component& pattern) : wanted_(read(pattern)) {}

std::vector<Match> Pattern::matches(std::string_view text) const {
  if (const auto* regex = std::get_if<Regex>(&wanted_)) return regex->matches(text);
  const auto& wanted = std::get<std::string>(wanted_);
  std::vector<Match> found;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + wanted.size()))
    found.push_back({at, at + wanted.size()});
  return found;
}

std::string Pattern::replaced(std::string_view text, std::string_view content) const {
  if (text.empty()) return {};  // an expression is not tried there
  std::string out;
  std::size_t kept = 0;
  for (const auto& [begin, end] : matches(text)) {
    out.append(text, kept, begin - kept).append(content);
    check_bytes(out.size());
    kept = end;
  }
  return out.append(text, kept);
}

double Pattern::growth(std::string_view content) const {
  const auto made = static_cast<double>(content.size());
  const auto* wanted = std::get_if<std::string>(&wanted_);
  return wanted ? std::max(1.0, made / static_cast<double>(wanted->size())) : 1 + made;
}

void check_bytes(std::size_t bytes) {
  if (bytes > kMostBytes)
    throw InputError(words("text: its tokenizer makes more than ", kMostBytes, " bytes of it; give a part of it"));
}

}  // namespace edgeattn::text
