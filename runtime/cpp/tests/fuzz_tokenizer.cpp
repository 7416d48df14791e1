// libFuzzer: whatever the bytes, a tokenizer is read or refused with a BundleError, and one that is read
// answers texts and token ids, or refuses them with an InputError.
#include "fuzzing.hpp"
#include "json_mutation.hpp"
#include "text/piece_decoder.hpp"

namespace {

using namespace edgeattn;

template <class Call>
void refused_or_answered(Call call) {
  try {
    call();
  } catch (const InputError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzzing::fuzz<BundleError>([&] {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    const auto tokenizer = std::make_shared<const text::Tokenizer>(json, "tokenizer.json", 16);
    for (const auto* text :
         {"", " ", "The caf\xc3\xa9's 12 \xe6\xbc\xa2[MASK]\n", "e\xcc\x81\xf0\x9f\x98\x80 a  a"})
      refused_or_answered([&] { tokenizer->encode(text); });
    text::PieceDecoder pieces(tokenizer);
    for (std::int64_t id = 0; id < 64; ++id) refused_or_answered([&] { pieces.push(id); });
  });
}
