// libFuzzer: whatever the text, each tokenizer of the folder EDGEATTN_TOKENIZERS answers it or refuses it with an InputError,
// and makes text of its tokens again.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "text/piece_decoder.hpp"

namespace {

using namespace edgeattn;

std::vector<std::shared_ptr<const text::Tokenizer>> read_all() {
  std::vector<std::shared_ptr<const text::Tokenizer>> all;
  for (const auto& entry : std::filesystem::directory_iterator(std::getenv("EDGEATTN_TOKENIZERS"))) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string json(std::istreambuf_iterator<char>(file), {});
    all.push_back(std::make_shared<const text::Tokenizer>(json, entry.path().string(), std::nullopt));
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto all = read_all();
  if (all.empty()) std::abort();
  for (const auto& tokenizer : all) try {
      const auto ids = tokenizer->encode({reinterpret_cast<const char*>(data), size}).encoding.ids;
      const std::vector<std::int64_t> tokens(ids.begin(), ids.end());
      text::PieceDecoder pieces(tokenizer);
      for (const auto token : tokens) pieces.push(token);
      pieces.finish();
      tokenizer->decode(tokens);
    } catch (const InputError&) {
    }
  return 0;
}
