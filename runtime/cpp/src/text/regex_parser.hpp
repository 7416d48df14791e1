// Compiles a regular expression into the steps that regex.cpp runs.
#pragma once

#include "regex.hpp"

namespace edgeattn::text {

class RegexParser {
 public:
  RegexParser(std::string_view expression, std::vector<Regex::Set>& sets, std::vector<Regex::Step>& steps)
      : text_(expression), sets_(sets), steps_(steps) {}

  /// Writes sets and steps; throws BundleError.
  void parse();

 private:
  using Set = Regex::Set;
  using Step = Regex::Step;
  using Steps = std::vector<Step>;

  /// Steps with places relative to the first of them, and whether they can match nothing.
  struct Part {
    Steps steps;
    bool empty = true;
    bool single = false;  // one kOne, which a count turns into a kRepeat
  };

  Part alternatives();
  Part sequence();
  Part counted(Part part);
  Part atom();
  Part group();
  Part look(bool behind);
  Part escape();
  Part one(Set set);
  static Part anchor(Step::Do what);
  Part repeated(Part part, std::uint32_t least, std::uint32_t most, Regex::Kind kind);

  Set brackets();
  std::optional<Set> class_escape(char32_t letter);
  Set property(bool negated);
  Set literal(char32_t point) const;
  char32_t character_escape(char32_t letter);
  std::uint32_t number(std::uint32_t most);

  bool at_end() const { return at_ == text_.size(); }
  bool sees(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  bool takes(std::string_view word);
  char32_t take();
  [[noreturn]] void refuse(std::string_view what) const;
  static void append(Part& whole, const Part& more);

  std::string_view text_;
  std::vector<Set>& sets_;
  Steps& steps_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool folded_ = false;  // (?i)
};

}  // namespace edgeattn::text
