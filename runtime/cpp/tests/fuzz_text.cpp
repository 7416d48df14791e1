// libFuzzer: whatever the text, each tokenizer of the folder EDGEATTN_TOKENIZERS answers it or refuses it
// with an InputError, and makes text of its tokens again.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzzing.hpp"
#include "text/piece_decoder.hpp"

namespace {

using namespace edgeattn;
using Tokenizer = std::shared_ptr<const text::Tokenizer>;

std::vector<Tokenizer> read_all() {
  std::vector<Tokenizer> all;
  for (const auto& entry : std::filesystem::directory_iterator(std::getenv("EDGEATTN_TOKENIZERS"))) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string json(std::istreambuf_iterator<char>(file), {});
    all.push_back(std::make_shared<const text::Tokenizer>(json, entry.path().string(), std::nullopt));
  }
  if (all.empty()) fuzzing::fail("wrong: no tokenizer found");
  return all;
}

void answer(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer->encode(text).encoding.ids;
  const std::vector<std::int64_t> tokens(ids.begin(), ids.end());
  std::string pieces;
  text::PieceDecoder decoder(tokenizer);
  for (const auto token : tokens) pieces += decoder.push(token);
  if (pieces + decoder.finish() != tokenizer->decode(tokens))
    fuzzing::fail("wrong: pieces that are not the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto all = read_all();
  return fuzzing::fuzz<InputError>([&] {
    std::size_t refused = 0;
    for (const auto& tokenizer : all) try {
        answer(tokenizer, {reinterpret_cast<const char*>(data), size});
      } catch (const InputError&) {
        if (++refused == all.size()) throw;
      }
  });
}
