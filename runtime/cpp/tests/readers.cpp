// What this runtime makes of a file's bytes, for a fuzzer that compares it with Python's. Each function
// returns true and hands out what was read as bytes, or returns false and hands out the refusal; both live
// until the thread's next call.
#include <nlohmann/json.hpp>

#include "edgeattn.hpp"
#include "external_weights.hpp"
#include "manifest.hpp"
#include "text/tokenizer.hpp"

namespace {

using namespace edgeattn;

struct Bytes {
  const char* data;
  std::size_t size;

  operator std::string_view() const { return {data, size}; }
};

template <class Refusal, class Read>
bool hand_out(Bytes* out, Read read) {
  thread_local std::string kept;
  bool accepted = true;
  try {
    kept = read();
  } catch (const Refusal& refusal) {
    kept = refusal.what();
    accepted = false;
  }
  *out = {kept.data(), kept.size()};
  return accepted;
}

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

/// Returns a tokenizer, one of the last that were asked for or a new one.
const text::Tokenizer& opened(std::string_view json) {
  constexpr std::size_t kMost = 64;
  static std::map<std::string, text::Tokenizer, std::less<>> all;
  const auto found = all.find(json);
  if (found != all.end()) return found->second;
  if (all.size() == kMost) all.clear();
  return all.try_emplace(std::string(json), json, "tokenizer.json", 16).first->second;
}

}  // namespace

extern "C" {

EDGEATTN_API bool edgeattn_read_manifest(Bytes content, Bytes* out) {
  return hand_out<BundleError>(out, [&] { return parse_manifest(content).name; });
}

EDGEATTN_API bool edgeattn_read_graph(Bytes content, Bytes label, Bytes* out) {
  return hand_out<BundleError>(out, [&] {
    std::istringstream graph{std::string(content)};
    check_external_weights(graph, std::string(label));
    return std::string();
  });
}

EDGEATTN_API bool edgeattn_read_wav(Bytes content, Bytes* out) {
  return hand_out<InputError>(out, [&] { return bytes_of(decode_wav(content).samples); });
}

EDGEATTN_API bool edgeattn_read_csv(Bytes content, Bytes first, Bytes second, Bytes* out) {
  return hand_out<InputError>(out, [&] {
    return bytes_of(decode_csv(content, {std::string(first), std::string(second)}).values);
  });
}

EDGEATTN_API bool edgeattn_read_tokenizer(Bytes json, Bytes* out) {
  return hand_out<BundleError>(out, [&] {
    text::Tokenizer(json, "tokenizer.json", 16);
    return std::string();
  });
}

/// The tokenizer is one that is accepted.
EDGEATTN_API bool edgeattn_read_text(Bytes json, Bytes text, Bytes* out) {
  return hand_out<InputError>(out, [&] { return bytes_of(opened(json).encode(text).encoding.ids); });
}
}
