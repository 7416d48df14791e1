// Tokenizes and decodes by a tokenizer.json, without a bundle: a line of JSON in, a line of JSON out.
//
//     tokens tokenizer.json [LONGEST]     a text -> {"ids", "types", "cut", "ranges"}; token ids -> {"text", "pieces"}; else {"error"}
//     tokens tokenizer.json LONGEST TRUNCATION     likewise of pairs, [text, pair], 0 for any number of tokens
//     tokens tokenizer.json [LONGEST] --once     times each text: {"tokens", "seconds"}; --time for a second, over and over
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "text/piece_decoder.hpp"
#include "text/unicode.hpp"

namespace {

using namespace edgeattn;
using Json = nlohmann::json;

Json decoded(const std::shared_ptr<const text::Tokenizer>& tokenizer, const std::vector<std::int64_t>& ids) {
  auto pieces = Json::array();
  text::PieceDecoder stream(tokenizer);
  for (const auto id : ids) pieces.push_back(stream.push(id));
  pieces.push_back(stream.finish());
  return {{"text", tokenizer->decode(ids)}, {"pieces", pieces}};
}

/// Times a text once, or for a second.
Json timed(const text::Tokenizer& tokenizer, const std::string& text, bool once) {
  const auto start = std::chrono::steady_clock::now();
  double seconds = 0;
  int count = 0;
  std::size_t tokens = 0;
  do {
    tokens = tokenizer.encode(text).encoding.ids.size();
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++count;
  } while (!once && seconds < 1);
  return {{"tokens", tokens}, {"seconds", seconds / count}};
}

Json encoded(const text::Tokenizer::Encoded& tokens) {
  return {{"ids", tokens.encoding.ids}, {"types", tokens.encoding.types}, {"cut", tokens.cut}};
}

/// Returns where a text's own tokens lie in it, in characters; null for blanks.
Json ranges(const text::Tokenizer& tokenizer, const std::string& text) {
  auto found = Json::array();
  for (const auto& range : tokenizer.ranges(text, ~std::size_t{0}))
    found.push_back(range ? Json{text::length(std::string_view(text).substr(0, range->begin)),
                                 text::length(std::string_view(text).substr(0, range->end))}
                          : Json());
  return found;
}

Json answer(const std::shared_ptr<const text::Tokenizer>& tokenizer, const Json& line, const std::string& how) try {
  if (line.is_array() && !line.empty() && line[0].is_string())
    return encoded(tokenizer->encode(line[0].get<std::string>(), line[1].get<std::string>()));
  if (line.is_array()) return decoded(tokenizer, line.get<std::vector<std::int64_t>>());
  if (!how.empty()) return timed(*tokenizer, line.get<std::string>(), how == "--once");
  const auto text = line.get<std::string>();
  auto tokens = encoded(tokenizer->encode(text));
  tokens["ranges"] = ranges(*tokenizer, text);
  return tokens;
} catch (const InputError& error) {
  return {{"error", error.what()}};
}

}  // namespace

int main(int count, char** words) try {
  const std::string last = count > 2 ? words[count - 1] : "";
  const std::string how = last == "--time" || last == "--once" ? last : "";
  std::ifstream file(words[1], std::ios::binary);
  const std::string json(std::istreambuf_iterator<char>(file), {});
  const auto most = count - !how.empty() > 2 ? std::stoll(words[2]) : 0;
  const auto longest = most ? std::optional<std::int64_t>(most) : std::nullopt;
  const auto truncation = how.empty() && count > 3 ? std::optional<std::string>(words[3]) : std::nullopt;
  const auto tokenizer = std::make_shared<const text::Tokenizer>(json, "tokenizer.json", longest, truncation);
  for (std::string line; std::getline(std::cin, line);)
    std::cout << answer(tokenizer, Json::parse(line), how).dump() << "\n";
} catch (const BundleError& error) {
  std::cout << Json{{"refused", error.what()}}.dump() << "\n";
  return 1;
}
