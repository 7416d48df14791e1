#include "pre_tokenizer.hpp"

#include <algorithm>

#include "byte_alphabet.hpp"
#include "pattern.hpp"

namespace edgeattn::text {
namespace {

enum class Behavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

Behavior read_behavior(const Component& component, const char* otherwise = nullptr) {
  static const std::map<std::string, Behavior> known = {{"Removed", Behavior::kRemoved},
                                                        {"Isolated", Behavior::kIsolated},
                                                        {"MergedWithPrevious", Behavior::kMergedWithPrevious},
                                                        {"MergedWithNext", Behavior::kMergedWithNext},
                                                        {"Contiguous", Behavior::kContiguous}};
  const auto name = otherwise ? component.text("behavior", otherwise) : component.text("behavior");
  const auto found = known.find(name);
  if (found == known.end()) throw component.refusal(words("the behavior ", name, " is not known here"));
  return found->second;
}

/// A stretch of a piece: a match, or what lies between two.
struct Stretch {
  Match span;
  bool matches;
};

/// Returns a piece's stretches, in order.
std::vector<Stretch> stretches(const std::vector<Match>& matches, std::size_t size, bool inverted) {
  std::vector<Stretch> all;
  std::size_t before = 0;
  for (const auto& match : matches) {
    if (before != match.begin) all.push_back({{before, match.begin}, inverted});
    all.push_back({match, !inverted});
    before = match.end;
  }
  if (before != size) all.push_back({{before, size}, inverted});
  return all;
}

/// Puts together what a behavior does not cut, and drops what it removes; keeps the order.
void join(std::vector<Stretch>& all, Behavior behavior) {
  if (behavior == Behavior::kIsolated) return;
  if (behavior == Behavior::kRemoved) {
    all.erase(std::remove_if(all.begin(), all.end(), [](const Stretch& one) { return one.matches; }), all.end());
    return;
  }
  const bool backward = behavior == Behavior::kMergedWithNext;
  if (backward) std::reverse(all.begin(), all.end());
  std::vector<Stretch> joined;
  bool before = false;  // whether the stretch before is a match
  for (const auto& one : all) {
    const bool merges = behavior == Behavior::kContiguous ? one.matches == before : one.matches && !before;
    if (merges && !joined.empty()) {
      auto& span = joined.back().span;
      span = {std::min(span.begin, one.span.begin), std::max(span.end, one.span.end)};
    } else {
      joined.push_back(one);
    }
    before = one.matches;
  }
  if (backward) std::reverse(joined.begin(), joined.end());
  all.swap(joined);
}

/// Cuts every piece at the matches that `find` returns of it.
template <class Find>
void split(Pieces& pieces, Behavior behavior, bool inverted, Find find) {
  std::vector<Match> spans;
  const auto first = pieces.spans.empty() ? 0 : pieces.spans.front().begin;
  for (std::size_t i = 0; i < pieces.spans.size(); ++i) {
    const auto start = pieces.spans[i].begin;
    auto all = stretches(find(pieces[i]), pieces[i].size(), inverted);
    join(all, behavior);
    for (const auto& [span, matches] : all)
      if (span.begin != span.end) spans.push_back({start + span.begin, start + span.end});
  }
  pieces.at_start = pieces.at_start && !spans.empty() && spans.front().begin == first;
  pieces.spans.swap(spans);
}

/// Returns the characters that a test holds for, each a match.
template <class Test>
std::vector<Match> characters(std::string_view text, Test test) {
  std::vector<Match> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    if (test(next(text, at))) found.push_back({begin, at});
  }
  return found;
}

/// Returns the runs of characters of one kind above 0, as `kind_of` tells it.
template <class Kind>
std::vector<Match> runs(std::string_view text, Kind kind_of) {
  std::vector<Match> found;
  int before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    const int kind = kind_of(next(text, at));
    if (kind && kind == before) found.back().end = at;
    else if (kind) found.push_back({begin, at});
    before = kind;
  }
  return found;
}

bool is_space(char32_t point) { return is(point, kSpace); }
bool is_number(char32_t point) { return is(point, kNumber); }
bool is_punctuation(char32_t point) { return is(point, kPunctuationMark); }

/// Cuts by a property of characters.
class ByCharacter : public PreTokenizer {
 public:
  using Test = bool (*)(char32_t);
  ByCharacter(Test test, Behavior behavior) : test_(test), behavior_(behavior) {}
  void apply(Pieces& pieces) const override {
    split(pieces, behavior_, false, [this](std::string_view piece) { return characters(piece, test_); });
  }

 private:
  Test test_;
  Behavior behavior_;
};

class Bert : public PreTokenizer {
 public:
  void apply(Pieces& pieces) const override {
    ByCharacter(is_space, Behavior::kRemoved).apply(pieces);
    ByCharacter(is_punctuation, Behavior::kIsolated).apply(pieces);
  }
};

class Whitespace : public PreTokenizer {
 public:
  void apply(Pieces& pieces) const override {
    const auto kind = [](char32_t point) { return is(point, kWord) ? 1 : is(point, kSpace) ? 0 : 2; };
    split(pieces, Behavior::kRemoved, true, [&](std::string_view piece) { return runs(piece, kind); });
  }
};

class Delimiter : public PreTokenizer {
 public:
  explicit Delimiter(const Component& component) : delimiter_(read_character(component, "delimiter")) {}
  void apply(Pieces& pieces) const override {
    std::size_t at = 0;
    const auto wanted = next(delimiter_, at);
    split(pieces, Behavior::kRemoved, false, [&](std::string_view piece) {
      return characters(piece, [&](char32_t point) { return point == wanted; });
    });
  }

 private:
  std::string delimiter_;
};

class Split : public PreTokenizer {
 public:
  explicit Split(const Component& component)
      : pattern_(component.part("pattern")),
        behavior_(read_behavior(component)),
        inverted_(component.flag("invert")) {}
  void apply(Pieces& pieces) const override {
    split(pieces, behavior_, inverted_, [this](std::string_view piece) { return pattern_.matches(piece); });
  }

 private:
  Pattern pattern_;
  Behavior behavior_;
  bool inverted_;
};

class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(const Component& component)
      : length_(component.has("length") ? component.number("length") : 5) {
    if (length_ == 0) throw component.refusal("'length' 0 found, at least 1 expected");
  }
  void apply(Pieces& pieces) const override {
    split(pieces, Behavior::kIsolated, false, [this](std::string_view piece) {
      std::vector<Match> found;
      for (std::size_t at = 0; at < piece.size();) {
        const auto begin = at;
        for (std::uint32_t i = 0; i < length_ && at < piece.size(); ++i) at += width(piece[at]);
        found.push_back({begin, at});
      }
      return found;
    });
  }

 private:
  std::uint32_t length_;
};

/// Writes every piece anew by `write`, which adds to a text.
template <class Write>
void rewrite(Pieces& pieces, Write write) {
  std::string text;
  text.reserve(2 * pieces.text.size());
  for (std::size_t i = 0; i < pieces.spans.size(); ++i) {
    const auto begin = text.size();
    write(text, pieces[i], i);
    check_bytes(text.size());
    pieces.spans[i] = {begin, text.size()};  // what is read next lies in the text before
  }
  pieces.text.swap(text);
}

class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const Component& component)
      : prefixes_(component.flag("add_prefix_space")), cuts_(component.flag("use_regex", true)) {
    component.flag("trim_offsets");
  }

  void apply(Pieces& pieces) const override {
    if (prefixes_)
      rewrite(pieces, [](std::string& out, std::string_view piece, std::size_t) {
        if (piece.front() != ' ') out.push_back(' ');
        out.append(piece);
      });
    if (cuts_) split(pieces, Behavior::kIsolated, false, words_of);
    rewrite(pieces, [](std::string& out, std::string_view piece, std::size_t) { append_bytes(out, piece); });
  }
  void grow(Growth& growth) const override { growth.add(2); }

 private:
  static bool is_letter(char32_t point) {
    const auto kind = category(point);
    return kind >= kLu && kind <= kLo;
  }
  static bool is_digit(char32_t point) {
    const auto kind = category(point);
    return kind >= kNd && kind <= kNo;
  }
  static bool is_mark(char32_t point) { return !is_space(point) && !is_letter(point) && !is_digit(point); }

  /// Returns where a run of characters ends that a test holds for; `at` where none begins there.
  template <class Test>
  static std::size_t run_end(std::string_view text, std::size_t at, Test test) {
    for (auto behind = at; at < text.size() && test(next(text, behind));) at = behind;
    return at;
  }

  /// GPT-2's 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  static std::vector<Match> words_of(std::string_view text) {
    std::vector<Match> found;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = word_end(text, at);
      found.push_back({at, end});
      at = end;
    }
    return found;
  }

  static std::size_t word_end(std::string_view text, std::size_t at) {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
      if (text[at] == '\'' && text.substr(at, ending.size()) == ending) return at + ending.size();
    const auto start = at + (text[at] == ' ' ? 1 : 0);
    if (start < text.size()) {
      auto behind = start;
      const auto point = next(text, behind);
      if (is_letter(point)) return run_end(text, behind, is_letter);
      if (is_digit(point)) return run_end(text, behind, is_digit);
      if (is_mark(point)) return run_end(text, behind, is_mark);
    }
    const auto end = run_end(text, at, is_space);
    const auto last = previous(text, end);
    return end < text.size() && last > at ? last : end;  // a last one before a word stays with it
  }

  bool prefixes_, cuts_;
};

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const Component& component)
      : replacement_(read_character(component, "replacement")),
        scheme_(read_prepend_scheme(component)),
        cuts_(component.flag("split", true)) {}

  void apply(Pieces& pieces) const override {
    rewrite(pieces, [&](std::string& out, std::string_view piece, std::size_t i) {
      const bool begun = piece.front() == ' ' || piece.substr(0, replacement_.size()) == replacement_;
      if (!begun && (scheme_ == "always" || (scheme_ == "first" && i == 0 && pieces.at_start))) out += replacement_;
      for (const char c : piece) c == ' ' ? out.append(replacement_) : out.append(1, c);
    });
    if (!cuts_) return;
    split(pieces, Behavior::kMergedWithNext, false, [this](std::string_view piece) {
      std::vector<Match> found;
      for (auto at = piece.find(replacement_); at != std::string::npos;
           at = piece.find(replacement_, at + replacement_.size()))
        found.push_back({at, at + replacement_.size()});
      return found;
    });
  }

 private:
  std::string replacement_, scheme_;
  bool cuts_;
};

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(const Component& component) {
    for (const auto& part : component.parts("pretokenizers")) parts_.push_back(read_pre_tokenizer(part));
  }
  void apply(Pieces& pieces) const override {
    for (const auto& part : parts_) part->apply(pieces);
  }
  void grow(Growth& growth) const override {
    for (const auto& part : parts_) part->grow(growth);
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> parts_;
};

using Made = std::unique_ptr<PreTokenizer>;

template <class Kind>
Made made(const Component& component) {
  if constexpr (std::is_default_constructible_v<Kind>) return std::make_unique<Kind>();
  else return std::make_unique<Kind>(component);
}

Made digits(const Component& component) {
  const bool single = component.flag("individual_digits");
  return std::make_unique<ByCharacter>(is_number, single ? Behavior::kIsolated : Behavior::kContiguous);
}

Made punctuation(const Component& component) {
  return std::make_unique<ByCharacter>(is_punctuation, read_behavior(component, "Isolated"));
}

Made whitespace_split(const Component& /*component*/) {
  return std::make_unique<ByCharacter>(is_space, Behavior::kRemoved);
}

}  // namespace

std::unique_ptr<PreTokenizer> read_pre_tokenizer(const Component& component) {
  static const std::map<std::string, Made (*)(const Component&)> known = {
      {"BertPreTokenizer", made<Bert>}, {"ByteLevel", made<ByteLevel>},     {"CharDelimiterSplit", made<Delimiter>},
      {"Digits", digits},               {"FixedLength", made<FixedLength>}, {"Metaspace", made<Metaspace>},
      {"Punctuation", punctuation},     {"Sequence", made<Sequence>},       {"Split", made<Split>},
      {"Whitespace", made<Whitespace>}, {"WhitespaceSplit", whitespace_split}};
  const auto found = known.find(component.type());
  if (found == known.end()) throw component.unknown();
  return found->second(component);
}

std::string read_prepend_scheme(const Component& metaspace) {
  auto scheme = metaspace.text("prepend_scheme", "always");
  if (scheme != "always" && scheme != "first" && scheme != "never")
    throw metaspace.refusal(words("the prepend_scheme ", scheme, " is not known here"));
  if (!metaspace.flag("add_prefix_space", true) && scheme != "never")
    throw metaspace.refusal("'add_prefix_space' and 'prepend_scheme' contradict each other");
  return scheme;
}

std::string read_character(const Component& component, const char* key) {
  auto text = component.text(key);
  if (length(text) != 1) throw component.refusal(words(quoted(key), " is not one character"));
  return text;
}

}  // namespace edgeattn::text
