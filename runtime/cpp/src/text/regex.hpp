// Regular expressions as tokenizer.json spells them: Oniguruma's, of Ruby's syntax.
//
// It covers characters, classes with properties, groups, alternatives, counts (greedy, lazy, possessive), atomic groups,
// looks ahead and behind, anchors and (?i) of ASCII letters. What it does not cover is refused when it is compiled. A
// program of bytecode runs on a stack of its own, and no longer than a number of steps that no real pattern comes near.
#pragma once

#include <array>
#include <bitset>
#include <string_view>
#include <vector>

#include "unicode.hpp"

namespace edgeattn::text {

/// Where a match begins and ends.
struct Match {
  std::size_t begin = 0, end = 0;
};

class Regex {
 public:
  /// Throws BundleError where the expression is none, or has something that is not covered.
  explicit Regex(std::string_view expression);

  /// Returns all matches, one behind the other. Throws InputError where the text takes too many steps.
  std::vector<Match> matches(std::string_view text) const;

  /// A set of characters.
  struct Set {
    std::bitset<128> ascii;
    std::vector<std::pair<char32_t, char32_t>> ranges;  // beyond ASCII
    std::bitset<kCategoryCount> categories;
    std::uint32_t properties = 0;
    std::vector<Set> others;  // such as \S within brackets
    bool negated = false;

    bool has(char32_t point) const;
    bool has_beyond_ascii(char32_t point) const;
    void add(char32_t first, char32_t last);
    void add_categories(const std::bitset<kCategoryCount>& more);
    void add_properties(std::uint32_t more);
    void add(const Set& other);
    void negate();
  };

  enum class Kind : std::uint8_t { kGreedy, kLazy, kPossessive };

  struct Step {
    enum Do : std::uint8_t {
      kOne,          // a character of `set`
      kRepeat,       // characters of `set`, from `least` to `most`, by `kind`
      kFork,         // goes on, and where that fails at `to`
      kJump,         // goes on at `to`
      kAhead,        // what follows up to `to` matches here, or does not where `negated`, and nothing is taken
      kAtomic,       // what follows up to `to` is taken as it matches first
      kBehind,       // the character before is of `set`, or is not where `negated`
      kLineBegin,
      kLineEnd,
      kTextBegin,
      kTextEnd,
      kDone,
    };
    Do what = kDone;
    Kind kind = Kind::kGreedy;
    bool negated = false;
    std::uint32_t set = 0, least = 0, most = 0;
    std::int32_t to = 0;  // from this step on
  };

 private:
  class Run;
  std::vector<Set> sets_;
  std::vector<Step> steps_;
};

}  // namespace edgeattn::text
