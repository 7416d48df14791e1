// Texts become inputs, and token ids text.
#include <algorithm>

#include "model.hpp"
#include "number.hpp"
#include "processing/part.hpp"
#include "shape.hpp"
#include "text/piece_decoder.hpp"

namespace edgeattn {
namespace {

using Numbers = std::vector<std::uint32_t>;

/// Fills an input with numbers; throws BundleError where its dtype does not hold them.
Tensor filled(const TensorSpec& input, const std::vector<std::int64_t>& dims, const Numbers& numbers,
              const std::string& file) {
  auto tensor = zeros(input.dtype, dims);
  const auto write = [&](auto zero) {
    auto* out = reinterpret_cast<decltype(zero)*>(tensor.data.data());
    return std::all_of(numbers.begin(), numbers.end(), [&](std::uint32_t number) {
      return static_cast<double>(*out++ = decltype(zero)(number)) == static_cast<double>(number);
    });
  };
  if (!std::visit(write, kZeros.at(input.dtype)))
    throw BundleError(words(file, ": a number that ", written(input), " cannot hold; export again"));
  return tensor;
}

/// Returns what is put before a text: the prompt of a name, or the manifest's default.
std::string prompt_of(const TextProcessing& how, const std::optional<std::string>& given) {
  const auto& name = given ? given : how.default_prompt;
  if (!name || name->empty()) return {};
  const auto found = how.prompts.find(*name);
  if (found != how.prompts.end()) return found->second;
  throw InputError(words("prompt: ", quoted(*name), " found, ",
                         how.prompts.empty() ? "none" : "one of " + keys(how.prompts), " expected"));
}

}  // namespace

std::shared_ptr<const text::Tokenizer> Model::Impl::tokenizer() {
  const auto& how = part_of(bundle.manifest, &Processing::text, "text");
  const std::lock_guard lock(opening);
  check_open();
  if (!tokenizer_)
    tokenizer_ = std::make_shared<const text::Tokenizer>(bundle.read(how.tokenizer), how.tokenizer, how.longest,
                                                         how.pair ? std::optional(how.pair->truncation) : std::nullopt);
  return tokenizer_;
}

std::vector<Model::Impl::Row> Model::Impl::encode(const std::vector<std::string>& texts, const TextOptions& options) {
  const auto& how = part_of(bundle.manifest, &Processing::text, "text");
  if (texts.empty()) throw InputError("texts: none found, at least one expected");
  const auto& pairs = options.pairs;
  if (!how.pair && !pairs.empty()) throw InputError("pair: found, a single text expected by this bundle; leave it out");
  if (how.pair && pairs.empty())
    throw InputError("text: a single one found, a pair expected by this bundle; give pairs as well");
  if (how.pair && pairs.size() != texts.size())
    throw InputError(words("pair: ", pairs.size(), " found, as many as the ", texts.size(), " texts expected"));
  const auto before = prompt_of(how, options.prompt);
  const auto opened = tokenizer();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto& row = rows.emplace_back();
    row.texts.push_back(before + texts[i]);
    if (how.pair) row.texts.push_back(pairs[i]);
    row.tokens = how.pair ? opened->encode(row.texts[0], row.texts[1]) : opened->encode(row.texts[0]);
  }
  return rows;
}

Tensors Model::prepare(const std::vector<std::string>& texts, std::size_t* cut) const { return prepare(texts, {}, cut); }

Tensors Model::prepare(const std::vector<std::string>& texts, const TextOptions& options, std::size_t* cut) const {
  const auto& how = part_of(manifest(), &Processing::text, "text");
  auto rows = impl_->encode(texts, options);
  std::size_t longest = 0, shortest = ~std::size_t{0}, shortened = 0;
  for (const auto& row : rows) {
    const auto size = row.tokens.encoding.ids.size();
    shortened += row.tokens.cut;
    longest = std::max(longest, size);
    shortest = std::min(shortest, size);
  }
  if (cut) *cut = shortened;
  if (shortest != longest && !how.mask)
    throw InputError(words("texts of ", shortest, " to ", longest, " tokens found, as many in each expected: the bundle ",
                           "has no mask to tell padding by; prepare them one by one"));
  Numbers ids, mask, types;
  for (auto& encoded : rows) {
    auto& row = encoded.tokens.encoding.ids;
    auto& kinds = encoded.tokens.encoding.types;
    mask.insert(mask.end(), row.size(), 1);
    mask.resize(mask.size() + longest - row.size());
    row.resize(longest);
    kinds.resize(longest);
    ids.insert(ids.end(), row.begin(), row.end());
    types.insert(types.end(), kinds.begin(), kinds.end());
  }
  const std::vector<std::int64_t> dims{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)};
  const auto fill = [&](const std::string& name, const Numbers& numbers) {
    return std::pair{name, filled(input_of(manifest(), name), dims, numbers, how.tokenizer)};
  };
  Tensors inputs{fill(how.ids, ids)};
  if (how.mask) inputs.insert(fill(*how.mask, mask));
  if (how.types) inputs.insert(fill(*how.types, types));
  return inputs;
}

std::vector<std::int64_t> Model::tokens_of(const std::string& text) const {
  const auto ids = impl_->encode({text}, {}).front().tokens.encoding.ids;
  return {ids.begin(), ids.end()};
}

std::string Model::decode(const std::vector<std::int64_t>& tokens) const { return impl_->tokenizer()->decode(tokens); }

TextStream::TextStream(const Model& model) : pieces_(std::make_unique<text::PieceDecoder>(Inside::of(model).tokenizer())) {}
TextStream::TextStream(TextStream&&) noexcept = default;
TextStream& TextStream::operator=(TextStream&&) noexcept = default;
TextStream::~TextStream() = default;

std::string TextStream::push(std::int64_t token) { return pieces_->push(token); }

std::string TextStream::finish() { return pieces_->finish(); }

}  // namespace edgeattn
