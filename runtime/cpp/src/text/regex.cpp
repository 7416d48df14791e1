#include "regex.hpp"

#include <algorithm>
#include <map>

#include "regex_parser.hpp"
#include "words.hpp"

namespace edgeattn::text {

bool Regex::Set::has_beyond_ascii(char32_t point) const {
  bool found = (properties && is(point, properties)) || (categories.any() && categories[category(point)]);
  for (auto range = ranges.begin(); !found && range != ranges.end(); ++range)
    found = range->first <= point && point <= range->second;
  for (auto other = others.begin(); !found && other != others.end(); ++other) found = other->has(point);
  return found != negated;
}

bool Regex::Set::has(char32_t point) const { return point < 128 ? ascii[point] : has_beyond_ascii(point); }

void Regex::Set::add(char32_t first, char32_t last) {
  for (auto point = first; point <= last && point < 128; ++point) ascii.set(point);
  if (last >= 128) ranges.emplace_back(std::max<char32_t>(first, 128), last);
}

void Regex::Set::add_categories(const std::bitset<kCategoryCount>& more) {
  for (char32_t point = 0; point < 128; ++point)
    if (more[category(point)]) ascii.set(point);
  categories |= more;
}

void Regex::Set::add_properties(std::uint32_t more) {
  for (char32_t point = 0; point < 128; ++point)
    if (is(point, more)) ascii.set(point);
  properties |= more;
}

void Regex::Set::add(const Set& other) {
  ascii |= other.ascii;
  others.push_back(other);
}

void Regex::Set::negate() {
  ascii.flip();
  negated = !negated;
}

/// One search through a text.
class Regex::Run {
 public:
  Run(const Regex& regex, std::string_view text)
      : regex_(regex), text_(text), most_(kFewSteps + kStepsPerByte * text.size()) {}

  /// Matches the steps from `first` on at a place, up to a kDone or the step `last`; moves `at` behind what is taken.
  bool matches(std::uint32_t first, std::uint32_t last, std::size_t& at) {
    const auto bottom = choices_.size();
    auto here = at;
    for (auto now = first;;) {
      if (++count_ > most_)
        throw InputError("text: the tokenizer's regular expression takes too many steps; give a part of it");
      const auto& step = regex_.steps_[now];
      if (now == last || step.what == Step::kDone) {
        choices_.resize(bottom);
        at = here;
        return true;
      }
      if (advance(step, now, here)) continue;
      if (choices_.size() == bottom) return false;
      go_back(now, here);
    }
  }

 private:
  /// Where to go on when what follows fails: at `now`, at any of the places from `begin` to `end`.
  struct Choice {
    std::uint32_t now;
    std::size_t begin, end;
    const Set* lazy = nullptr;  // takes one more of it first
  };

  static constexpr std::uint64_t kFewSteps = std::uint64_t{1} << 16, kStepsPerByte = 512;

  static std::uint32_t behind(std::uint32_t now, const Step& step) {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(now) + step.to);
  }

  bool takes(const Set& set, std::size_t& here) const {
    if (here == text_.size()) return false;
    auto behind = here;
    if (!set.has(next(text_, behind))) return false;
    here = behind;
    return true;
  }

  /// Does one step, and says whether it went.
  bool advance(const Step& step, std::uint32_t& now, std::size_t& here) {
    switch (step.what) {
      case Step::kOne:
        if (!takes(regex_.sets_[step.set], here)) return false;
        break;
      case Step::kRepeat:
        return repeat(step, now, here);
      case Step::kFork:
        choices_.push_back({behind(now, step), here, here});
        break;
      case Step::kJump:
        now = behind(now, step);
        return true;
      case Step::kAhead: {
        auto place = here;
        if (matches(now + 1, behind(now, step), place) == step.negated) return false;
        now = behind(now, step);
        return true;
      }
      case Step::kAtomic:
        if (!matches(now + 1, behind(now, step), here)) return false;
        now = behind(now, step);
        return true;
      case Step::kBehind: {
        auto place = here > 0 ? previous(text_, here) : 0;
        if ((here > 0 && regex_.sets_[step.set].has(next(text_, place))) == step.negated) return false;
        break;
      }
      case Step::kLineBegin:
        if (here > 0 && text_[here - 1] != '\n') return false;
        break;
      case Step::kLineEnd:
        if (here < text_.size() && text_[here] != '\n') return false;
        break;
      case Step::kTextBegin:
        if (here > 0) return false;
        break;
      case Step::kTextEnd:
        if (here < text_.size()) return false;
        break;
      case Step::kDone:
        break;
    }
    ++now;
    return true;
  }

  bool repeat(const Step& step, std::uint32_t& now, std::size_t& here) {
    const auto& set = regex_.sets_[step.set];
    std::uint32_t taken = 0;
    for (; taken < step.least; ++taken)
      if (!takes(set, here)) return false;
    const auto least = here;
    ++now;
    if (step.kind == Kind::kLazy) {
      choices_.push_back({now, here, here, &set});
      return true;
    }
    for (; taken < step.most && takes(set, here); ++taken) ++count_;
    if (step.kind == Kind::kGreedy && here > least) choices_.push_back({now, least, previous(text_, here)});
    return true;
  }

  void go_back(std::uint32_t& now, std::size_t& here) {
    auto& choice = choices_.back();
    now = choice.now;
    here = choice.end;
    if (choice.lazy) {
      if (takes(*choice.lazy, here)) {
        choice.end = here;
      } else {
        choices_.pop_back();
        now = kFail;
      }
    } else if (choice.begin == choice.end) {
      choices_.pop_back();
    } else {
      choice.end = previous(text_, choice.end);
    }
  }

  static constexpr std::uint32_t kFail = 0;  // the program's first step, which never goes

  const Regex& regex_;
  std::string_view text_;
  std::vector<Choice> choices_;
  std::uint64_t count_ = 0, most_;
};

Regex::Regex(std::string_view expression) {
  RegexParser parser(expression, sets_, steps_);
  parser.parse();
}

std::vector<Match> Regex::matches(std::string_view text) const {
  std::vector<Match> found;
  Run run(*this, text);
  std::optional<std::size_t> before;  // where the last match ended
  for (std::size_t at = 0; at <= text.size();) {
    auto end = at;
    if (run.matches(1, static_cast<std::uint32_t>(steps_.size()), end) && (end > at || before != at)) {
      found.push_back({at, end});
      before = end;
      if (end > at) {
        at = end;
        continue;
      }
    }
    at += at < text.size() ? width(text[at]) : 1;
  }
  return found;
}

}  // namespace edgeattn::text
