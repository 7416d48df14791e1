// libFuzzer: whatever the bytes, a tokenizer is read or refused with a BundleError, and one that is read answers texts and
// token ids, or refuses them with an InputError.
#include "text/piece_decoder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeattn;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  try {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    tokenizer = std::make_shared<const text::Tokenizer>(json, "tokenizer.json", 16);
  } catch (const BundleError&) {
    return 0;
  }
  for (const auto* text : {"", " ", "The caf\xc3\xa9's 12 \xe6\xbc\xa2[MASK]\n", "e\xcc\x81\xf0\x9f\x98\x80 a  a"}) try {
      tokenizer->encode(text);
    } catch (const InputError&) {
    }
  text::PieceDecoder pieces(tokenizer);
  for (std::int64_t id = 0; id < 64; ++id) try {
      pieces.push(id);
    } catch (const InputError&) {
    }
  return 0;
}
