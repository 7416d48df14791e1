#include "regex_parser.hpp"

#include <algorithm>
#include <map>

#include "words.hpp"

namespace edgeattn::text {
namespace {

constexpr std::size_t kMostSteps = 20'000;
constexpr int kDeepest = 32;
constexpr std::uint32_t kEndless = ~std::uint32_t{0};
constexpr std::uint32_t kMostCounted = 1000;

constexpr std::array<std::pair<std::string_view, Category>, 29> kNames = {
    {{"lu", kLu}, {"ll", kLl}, {"lt", kLt}, {"lm", kLm}, {"lo", kLo}, {"mn", kMn}, {"mc", kMc}, {"me", kMe},
     {"nd", kNd}, {"nl", kNl}, {"no", kNo}, {"pc", kPc}, {"pd", kPd}, {"ps", kPs}, {"pe", kPe}, {"pi", kPi},
     {"pf", kPf}, {"po", kPo}, {"sm", kSm}, {"sc", kSc}, {"sk", kSk}, {"so", kSo}, {"zs", kZs}, {"zl", kZl},
     {"zp", kZp}, {"cc", kCc}, {"cf", kCf}, {"co", kCo}, {"cn", kCn}}};

/// Characters of several letters that (?i) would match two letters by.
constexpr std::array<std::string_view, 5> kLigatures = {"ss", "ff", "fi", "fl", "st"};

bool is_letter(char32_t point) { return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z'); }

}  // namespace

void RegexParser::refuse(std::string_view what) const {
  throw BundleError(words("a regular expression with ", what, " at ", at_, " found, one without expected: ", text_));
}

bool RegexParser::takes(std::string_view word) {
  const bool there = sees(word);
  if (there) at_ += word.size();
  return there;
}

char32_t RegexParser::take() {
  if (at_end()) refuse("an end too early");
  return next(text_, at_);
}

void RegexParser::append(Part& whole, const Part& more) {
  whole.single = whole.steps.empty() && more.single;
  whole.empty = whole.empty && more.empty;
  whole.steps.insert(whole.steps.end(), more.steps.begin(), more.steps.end());
}

void RegexParser::parse() {
  sets_.emplace_back();
  steps_.push_back({Step::kOne});  // of no character: never goes
  const auto all = alternatives();
  if (!at_end()) refuse("a ) too many");
  steps_.insert(steps_.end(), all.steps.begin(), all.steps.end());
  steps_.push_back({Step::kDone});
}

RegexParser::Part RegexParser::alternatives() {
  if (++depth_ > kDeepest) refuse("groups too deep");
  const bool outer = folded_;
  if (takes("(?i)")) folded_ = true;
  auto part = sequence();
  std::vector<Part> all{std::move(part)};
  while (takes("|")) all.push_back(sequence());
  folded_ = outer;
  --depth_;
  auto whole = std::move(all.back());
  for (auto one = all.rbegin() + 1; one != all.rend(); ++one) {
    Part both;
    both.empty = one->empty || whole.empty;
    const auto first = static_cast<std::int32_t>(one->steps.size()), second = static_cast<std::int32_t>(whole.steps.size());
    Step fork{Step::kFork}, jump{Step::kJump};
    fork.to = first + 2;
    jump.to = second + 1;
    both.steps.push_back(fork);
    both.steps.insert(both.steps.end(), one->steps.begin(), one->steps.end());
    both.steps.push_back(jump);
    both.steps.insert(both.steps.end(), whole.steps.begin(), whole.steps.end());
    if (both.steps.size() > kMostSteps) refuse("more than could be meant");
    whole = std::move(both);
  }
  return whole;
}

RegexParser::Part RegexParser::sequence() {
  Part part;
  while (!at_end() && !sees("|") && !sees(")")) {
    append(part, counted(atom()));
    if (part.steps.size() > kMostSteps) refuse("more than could be meant");
  }
  return part;
}

RegexParser::Part RegexParser::counted(Part part) {
  std::uint32_t least = 1, most = 1;
  const bool interval = sees("{") && at_ + 1 < text_.size() && (text_[at_ + 1] == ',' || std::isdigit(static_cast<unsigned char>(text_[at_ + 1])));
  if (interval) {
    takes("{");
    const bool open = sees(",");
    least = open ? 0 : number(kMostCounted);
    most = takes(",") ? (sees("}") ? kEndless : number(kMostCounted)) : least;
    if (!takes("}") || most < least || (open && most == kEndless)) refuse("a count that is none");
    if (sees("?")) refuse("a lazy count");
  } else if (takes("?")) {
    least = 0;
  } else if (takes("*")) {
    least = 0, most = kEndless;
  } else if (takes("+")) {
    most = kEndless;
  } else {
    return part;
  }
  auto kind = Regex::Kind::kGreedy;
  if (!interval && takes("?")) kind = Regex::Kind::kLazy;
  else if (!interval && takes("+")) kind = Regex::Kind::kPossessive;
  part = repeated(std::move(part), least, most, kind);
  if (interval && takes("+")) part = repeated(std::move(part), 1, kEndless, Regex::Kind::kGreedy);  // as in Ruby
  if (sees("*") || sees("+") || sees("?")) refuse("a count of a count");
  return part;
}

RegexParser::Part RegexParser::repeated(Part part, std::uint32_t least, std::uint32_t most, Regex::Kind kind) {
  if (part.single && (kind != Regex::Kind::kLazy || most == kEndless)) {
    auto& step = part.steps.front();
    step.what = Step::kRepeat;
    step.kind = kind;
    step.least = least;
    step.most = most;
    part.single = false;
    part.empty = least == 0;
    return part;
  }
  if (part.empty && most == kEndless) refuse("an endless count of what may be nothing");
  const auto size = static_cast<std::int32_t>(part.steps.size());
  const auto copies = most == kEndless ? least + 1 : most;
  if (copies * part.steps.size() > kMostSteps) refuse("more than could be meant");
  Part whole;
  for (std::uint32_t i = 0; i < least; ++i) append(whole, part);
  const bool lazy = kind == Regex::Kind::kLazy;
  // One more turn: fork, jump where lazy, the part, and a jump back where endless.
  const auto turn = size + 1 + lazy + (most == kEndless);
  const auto turns = static_cast<std::int32_t>(most == kEndless ? 1 : most - least);
  for (std::int32_t i = 0; i < turns; ++i) {
    Step fork{Step::kFork}, leave{Step::kJump}, back{Step::kJump};
    const auto end = turn * (turns - i);  // from the fork on
    fork.to = lazy ? 2 : end;
    leave.to = end - 1;
    back.to = 1 - turn;
    whole.steps.push_back(fork);
    if (lazy) whole.steps.push_back(leave);
    whole.steps.insert(whole.steps.end(), part.steps.begin(), part.steps.end());
    if (most == kEndless) whole.steps.push_back(back);
  }
  whole.single = false;
  whole.empty = least == 0 || part.empty;
  if (kind == Regex::Kind::kPossessive) {
    Step atomic{Step::kAtomic};
    atomic.to = static_cast<std::int32_t>(whole.steps.size()) + 1;
    whole.steps.insert(whole.steps.begin(), atomic);
  }
  return whole;
}

RegexParser::Part RegexParser::atom() {
  if (takes("(")) return group();
  if (sees("[")) return one(brackets());
  const auto point = take();
  switch (point) {
    case '\\':
      return escape();
    case '.': {
      Set set;
      set.add('\n', '\n');
      set.negate();
      return one(set);
    }
    case '^':
      return anchor(Step::kLineBegin);
    case '$':
      return anchor(Step::kLineEnd);
    case '*':
    case '+':
    case '?':
      refuse("a count of nothing");
    default:
      break;
  }
  if (folded_)
    for (const auto ligature : kLigatures)
      if ((point | 0x20) == static_cast<char32_t>(ligature[0]) && !at_end() && (text_[at_] | 0x20) == ligature[1])
        refuse("two letters in any case that are also one");
  return one(literal(point));
}

RegexParser::Part RegexParser::one(Set set) {
  Part part;
  Step step{Step::kOne};
  step.set = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back(std::move(set));
  part.steps.push_back(step);
  part.empty = false;
  part.single = true;
  return part;
}

RegexParser::Part RegexParser::anchor(Step::Do what) {
  Part part;
  part.steps.push_back({what});
  return part;
}

RegexParser::Part RegexParser::group() {
  if (takes("?=") || takes("?!")) return look(false);
  if (takes("?<=") || takes("?<!")) return look(true);
  const bool outer = folded_, atomic = takes("?>");
  if (takes("?i:")) folded_ = true;
  else if (takes("?-i:")) folded_ = false;
  else if (takes("?<")) {
    while (take() != '>') {
    }
  } else if (!atomic && !takes("?:") && sees("?") && !sees("?i)")) {
    refuse("a group that is not known");
  }
  if (sees("?i)")) refuse("(?i) that begins no group");
  auto part = alternatives();
  folded_ = outer;
  if (!takes(")")) refuse("a ( too many");
  part.single = false;
  if (!atomic) return part;
  Step step{Step::kAtomic};
  step.to = static_cast<std::int32_t>(part.steps.size()) + 1;
  part.steps.insert(part.steps.begin(), step);
  return part;
}

RegexParser::Part RegexParser::look(bool behind) {
  const bool negated = text_[at_ - 1] == '!';
  auto part = alternatives();
  if (!takes(")")) refuse("a ( too many");
  Step step{behind ? Step::kBehind : Step::kAhead};
  step.negated = negated;
  if (behind) {
    if (!part.single) refuse("a look behind at more than a character");
    step.set = part.steps.front().set;
    part.steps.front() = step;
  } else {
    step.to = static_cast<std::int32_t>(part.steps.size()) + 1;
    part.steps.insert(part.steps.begin(), step);
  }
  part.single = false;
  part.empty = true;
  return part;
}

RegexParser::Part RegexParser::escape() {
  const auto letter = take();
  if (letter == 'A') return anchor(Step::kTextBegin);
  if (letter == 'z') return anchor(Step::kTextEnd);
  if (auto set = class_escape(letter)) return one(*set);
  return one(literal(character_escape(letter)));
}

std::optional<RegexParser::Set> RegexParser::class_escape(char32_t letter) {
  Set set;
  switch (letter) {
    case 's':
    case 'S':
      set.add_properties(kSpace);
      break;
    case 'w':
    case 'W':
      set.add_properties(kExpressionWord);
      break;
    case 'd':
    case 'D':
      set.add_categories(std::bitset<kCategoryCount>().set(kNd));
      break;
    case 'p':
    case 'P':
      return property(letter == 'P');
    default:
      return std::nullopt;
  }
  if (letter < 'a') set.negate();
  return set;
}

RegexParser::Set RegexParser::property(bool negated) {
  if (!takes("{")) refuse("a property without a name");
  if (takes("^")) negated = !negated;
  std::string name;
  for (char32_t point = 0; (point = take()) != '}';)
    if (point != '_' && point != ' ' && point != '-') text::append(name, point < 128 ? static_cast<char32_t>(std::tolower(static_cast<int>(point))) : point);
  Set set;
  std::bitset<kCategoryCount> categories;
  for (const auto& [known, one] : kNames)
    if (known == name || (name.size() == 1 && known[0] == name[0])) categories.set(one);
  if (name == "han") set.add_properties(kHanScript);
  else if (categories.any()) set.add_categories(categories);
  else refuse(words("the property ", name));
  if (negated) set.negate();
  return set;
}

RegexParser::Set RegexParser::literal(char32_t point) const {
  Set set;
  set.add(point, point);
  if (!folded_) return set;
  if (point >= 128) refuse("a letter beyond ASCII in any case");
  if (is_letter(point)) set.add(point ^ 0x20, point ^ 0x20);
  if ((point | 0x20) == 's') set.add(0x17f, 0x17f);
  if ((point | 0x20) == 'k') set.add(0x212a, 0x212a);
  return set;
}

char32_t RegexParser::character_escape(char32_t letter) {
  static const std::map<char32_t, char32_t> known = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'f', '\f'},
                                                     {'v', '\v'}, {'a', '\a'}, {'e', 0x1b}};
  if (const auto found = known.find(letter); found != known.end()) return found->second;
  if (letter == 'x' || letter == 'u') {
    const bool braces = letter == 'x' && takes("{");
    const std::size_t digits = braces ? 8 : letter == 'x' ? 2 : 4;
    char32_t point = 0;
    std::size_t count = 0;
    while (count < digits && !at_end() && std::isxdigit(static_cast<unsigned char>(text_[at_]))) {
      const auto digit = static_cast<char32_t>(std::tolower(static_cast<unsigned char>(text_[at_++])));
      point = point << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
      ++count;
    }
    const bool byte = letter == 'x' && !braces && point >= 128;  // one of several, not a character
    if (count == 0 || (braces && !takes("}")) || point > 0x10ffff || byte || (point >= 0xd800 && point < 0xe000))
      refuse("a character that is none");
    return point;
  }
  if (is_letter(letter) || (letter >= '0' && letter <= '9')) refuse(words("\\", static_cast<char>(letter)));
  return letter;
}

RegexParser::Set RegexParser::brackets() {
  takes("[");
  const bool negated = takes("^");
  Set set;
  bool any = false;
  while (!takes("]")) {
    any = true;
    if (sees("[") || sees("&&")) refuse("brackets within brackets");
    auto point = take();
    if (point == '\\') {
      const auto letter = take();
      if (const auto escaped = class_escape(letter)) {
        set.add(*escaped);
        continue;
      }
      point = character_escape(letter);
    }
    auto last = point;
    if (sees("-") && text_.substr(at_, 2) != "-]") {
      takes("-");
      last = take();
      if (last == '[') refuse("brackets within brackets");
      if (last == '\\') {
        const auto letter = take();
        if (class_escape(letter)) refuse("a range up to a class");
        last = character_escape(letter);
      }
      if (last < point) refuse("a range that ends before it begins");
    }
    set.add(point, last);
    if (!folded_) continue;
    if (last >= 128) refuse("a letter beyond ASCII in any case");
    for (auto each = point; each <= last; ++each) set.add(literal(each));
  }
  if (!any) refuse("empty brackets");
  if (negated) set.negate();
  return set;
}

std::uint32_t RegexParser::number(std::uint32_t most) {
  std::uint32_t value = 0;
  bool any = false;
  while (!at_end() && text_[at_] >= '0' && text_[at_] <= '9' && value <= most) {
    value = value * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
    any = true;
  }
  if (!any || value > most) refuse("a count that is none, or above 1000");
  return value;
}

}  // namespace edgeattn::text
