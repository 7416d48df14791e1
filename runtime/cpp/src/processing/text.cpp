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

}  // namespace

std::shared_ptr<const text::Tokenizer> Model::Impl::tokenizer() {
  const auto& how = part_of(bundle.manifest, &Processing::text, "text");
  const std::lock_guard lock(opening);
  check_open();
  if (!tokenizer_)
    tokenizer_ = std::make_shared<const text::Tokenizer>(bundle.read(how.tokenizer), how.tokenizer, how.longest);
  return tokenizer_;
}

Tensors Model::prepare(const std::vector<std::string>& texts, std::size_t* cut) const {
  const auto& how = part_of(manifest(), &Processing::text, "text");
  if (texts.empty()) throw InputError("texts: none found, at least one expected");
  const auto tokenizer = impl_->tokenizer();
  std::vector<text::Encoding> rows;
  std::size_t longest = 0, shortest = ~std::size_t{0}, shortened = 0;
  for (const auto& text : texts) {
    auto [encoding, was_cut] = tokenizer->encode(text);
    shortened += was_cut;
    longest = std::max(longest, encoding.ids.size());
    shortest = std::min(shortest, encoding.ids.size());
    rows.push_back(std::move(encoding));
  }
  if (cut) *cut = shortened;
  if (shortest != longest && !how.mask)
    throw InputError(words("texts of ", shortest, " to ", longest, " tokens found, as many in each expected: the bundle ",
                           "has no mask to tell padding by; prepare them one by one"));
  Numbers ids, mask, types;
  for (auto& [row, kinds] : rows) {
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
  const auto& ids = impl_->tokenizer()->encode(text).encoding.ids;
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
