#include "processing/answer_span.hpp"

#include <algorithm>

#include "processing/outputs.hpp"
#include "text/unicode.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

using Pair = Inside::Impl::Row;
using Numbers = std::vector<double>;

constexpr std::size_t kContext = 1;  // the second text of a pair

/// The tokens of a context, the first and the one behind the last, and those before it.
struct Context {
  std::size_t begin = 0, end = 0;
  bool has_null = false;  // whether the first token of the row is a special one, which stands for no answer

  explicit Context(const std::vector<std::optional<std::size_t>>& texts) {
    const auto first = std::find(texts.begin(), texts.end(), kContext);
    begin = static_cast<std::size_t>(first - texts.begin());
    end = begin + static_cast<std::size_t>(std::count(first, texts.end(), kContext));
    has_null = !texts.empty() && !texts[0];
  }

  /// Returns the shares of its tokens.
  Numbers shares(const std::string& name, const float* row) const {
    Numbers numbers(row + begin, row + end);
    if (has_null) numbers.push_back(static_cast<double>(*row));
    return scored(name, std::move(numbers), "softmax");
  }
};

/// Returns the tokens that begin and end the likeliest answer.
std::pair<std::size_t, std::size_t> best(const float* starts, const float* ends, std::size_t count, std::int64_t longest) {
  std::pair<std::size_t, std::size_t> found{0, 0};
  auto most = static_cast<double>(starts[0]) + static_cast<double>(ends[0]);
  for (std::size_t first = 0; first < count; ++first)
    for (std::size_t last = first; last < count && static_cast<std::int64_t>(last - first) < longest; ++last) {
      const auto sum = static_cast<double>(starts[first]) + static_cast<double>(ends[last]);
      if (sum > most) most = sum, found = {first, last};
    }
  return found;
}

std::vector<Prediction> answer(const AnswerSpan& how, const float* starts, const float* ends, const Pair& pair,
                               const text::Tokenizer& tokenizer) {
  const Context context(pair.tokens.encoding.texts);
  if (context.begin == context.end) return {};
  const auto begins = context.shares(how.start, starts), closes = context.shares(how.end, ends);
  const auto [first, last] =
      best(starts + context.begin, ends + context.begin, context.end - context.begin, how.longest);
  const auto& text = pair.texts[kContext];
  const auto spans = tokenizer.spans(pair.tokens, pair.texts);
  std::optional<text::Range> range;
  for (auto token = context.begin + first; token <= context.begin + last; ++token)
    if (const auto& span = spans[token]) range = {range ? range->begin : span->range.begin, span->range.end};
  if (!range) return {};  // blanks
  const auto part = text.substr(range->begin, range->end - range->begin);
  const auto before = static_cast<std::int64_t>(text::length(std::string_view(text).substr(0, range->begin)));
  const auto after = before + static_cast<std::int64_t>(text::length(part));
  return {{{}, begins[first] * closes[last], part, {}, {{before, after}}}};
}

}  // namespace

std::vector<std::vector<Prediction>> answers(const AnswerSpan& how, const Tensors& outputs, const std::vector<Pair>& pairs,
                                             const text::Tokenizer& tokenizer) {
  const auto &starts = output_of(outputs, how.start), &ends = output_of(outputs, how.end);
  if (starts.dims.size() != 2 || starts.dims != ends.dims)
    throw InputError(words(how.end, ": [batch, sequence] as of ", how.start, " expected"));
  if (pairs.size() != static_cast<std::size_t>(starts.dims[0]))
    throw InputError(words(how.start, ": ", pairs.size(), " pairs found for ", starts.dims[0], " rows"));
  const auto tokens = static_cast<std::size_t>(starts.dims[1]);
  std::vector<std::vector<Prediction>> rows;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (const auto found = pairs[i].tokens.encoding.ids.size(); found > tokens)
      throw InputError(words(how.start, ": ", tokens, " tokens found, the ", found, " of its pair expected"));
    rows.push_back(answer(how, starts.as<float>() + i * tokens, ends.as<float>() + i * tokens, pairs[i], tokenizer));
  }
  return rows;
}

}  // namespace edgeattn
