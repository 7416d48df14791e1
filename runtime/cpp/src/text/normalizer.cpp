#include "normalizer.hpp"

#include <algorithm>

#include "byte_alphabet.hpp"
#include "charsmap.hpp"
#include "pattern.hpp"

namespace edgeattn::text {
namespace {

/// Returns a text with what `change` writes for every character.
template <class Change>
std::string each(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    const auto point = next(text, at);
    change(out, point, text.substr(begin, at - begin));
  }
  return out;
}

/// Returns a text without the characters that have one of these properties.
std::string without(std::string_view text, std::uint32_t properties) {
  return each(text, [&](std::string& out, char32_t point, std::string_view character) {
    if (!is(point, properties)) out.append(character);
  });
}

/// Does what a function does.
class Plain : public Normalizer {
 public:
  using Change = std::string (*)(std::string_view);
  Plain(Change change, double growth) : change_(change), growth_(growth) {}
  std::string apply(std::string text) const override { return change_(text); }
  void grow(Growth& growth) const override { growth.add(growth_); }

 private:
  Change change_;
  double growth_;
};

template <Form form>
std::string in_form(std::string_view text) {
  return normalized(text, form);
}

std::string without_marks(std::string_view text) { return without(text, kMark); }

std::string in_byte_characters(std::string_view text) {
  std::string out;
  append_bytes(out, text);
  return out;
}

/// sentencepiece's own clean-up.
std::string nmt(std::string_view text) {
  return each(text, [](std::string& out, char32_t point, std::string_view character) {
    const bool removed = (point >= 1 && point <= 8) || point == 0xb || (point >= 0xe && point <= 0x1f) ||
                         point == 0x7f || point == 0x8f || point == 0x9f;
    const bool blank = point == 9 || point == 0xa || point == 0xc || point == 0xd || point == 0x1680 ||
                       (point >= 0x200b && point <= 0x200f) || point == 0x2028 || point == 0x2029 ||
                       point == 0x2581 || point == 0xfeff || point == 0xfffd;
    if (blank) out.push_back(' ');
    else if (!removed) out.append(character);
  });
}

class Bert : public Normalizer {
 public:
  explicit Bert(const Component& component)
      : cleans_(component.flag("clean_text")),
        parts_(component.flag("handle_chinese_chars")),
        lowers_(component.flag("lowercase")),
        strips_(component.flag("strip_accents", lowers_)) {}

  std::string apply(std::string text) const override {
    if (cleans_) text = clean(text);
    if (parts_) text = apart(text);
    if (strips_) text = without(normalized(text, Form::kNfd), kNonspacingMark);
    return lowers_ ? lowered(text) : text;
  }
  void grow(Growth& growth) const override { growth.add(3); }

 private:
  static std::string clean(std::string_view text) {
    return each(text, [](std::string& out, char32_t point, std::string_view character) {
      const bool blank = point == '\t' || point == '\n' || point == '\r';
      if (point == 0 || point == 0xfffd || (!blank && is(point, kOther))) return;
      is(point, kSpace) ? out.append(1, ' ') : out.append(character);
    });
  }

  static std::string apart(std::string_view text) {
    return each(text, [](std::string& out, char32_t point, std::string_view character) {
      const auto within = [point](char32_t first, char32_t last) { return first <= point && point <= last; };
      const bool ideograph = point >= 0x3400 &&
                             (within(0x4e00, 0x9fff) || within(0x3400, 0x4dbf) || within(0x20000, 0x2a6df) ||
                              within(0x2a700, 0x2b73f) || within(0x2b740, 0x2b81f) || within(0x2b920, 0x2ceaf) ||
                              within(0xf900, 0xfaff) || within(0x2f800, 0x2fa1f));
      ideograph ? out.append(1, ' ').append(character).append(1, ' ') : out.append(character);
    });
  }

  bool cleans_, parts_, lowers_, strips_;
};

class Strip : public Normalizer {
 public:
  explicit Strip(const Component& component)
      : left_(component.flag("strip_left")), right_(component.flag("strip_right")) {}

  std::string apply(std::string text) const override {
    std::size_t begin = 0, end = text.size();
    for (auto at = begin; left_ && begin < end && is(next(text, at), kSpace);) begin = at;
    while (right_ && begin < end) {
      auto at = previous(text, end);
      const auto start = at;
      if (!is(next(text, at), kSpace)) break;
      end = start;
    }
    return text.substr(begin, end - begin);
  }

 private:
  bool left_, right_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(const Component& component) : prefix_(component.text("prepend")) {}
  std::string apply(std::string text) const override { return text.empty() ? text : prefix_ + text; }
  void grow(Growth& growth) const override { growth.add(1 + static_cast<double>(prefix_.size())); }

 private:
  std::string prefix_;
};

class Replace : public Normalizer {
 public:
  explicit Replace(const Component& component)
      : pattern_(component.part("pattern")), content_(component.text("content")) {}
  std::string apply(std::string text) const override { return pattern_.replaced(text, content_); }
  void grow(Growth& growth) const override { growth.add(pattern_.growth(content_)); }

 private:
  Pattern pattern_;
  std::string content_;
};

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(const Component& component) : map_(component.text("precompiled_charsmap")) {}
  std::string apply(std::string text) const override { return map_.apply(text); }
  void grow(Growth& growth) const override { growth.add(std::max(1.0, static_cast<double>(map_.longest()))); }

 private:
  Charsmap map_;
};

class Sequence : public Normalizer {
 public:
  explicit Sequence(const Component& component) {
    for (const auto& part : component.parts("normalizers")) parts_.push_back(read_normalizer(part));
  }

  std::string apply(std::string text) const override {
    for (const auto& part : parts_) {
      text = part->apply(std::move(text));
      check_bytes(text.size());
    }
    return text;
  }

  void grow(Growth& growth) const override {
    for (const auto& part : parts_) part->grow(growth);
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> parts_;
};

template <class Kind>
std::unique_ptr<Normalizer> made(const Component& component) {
  return std::make_unique<Kind>(component);
}

}  // namespace

std::unique_ptr<Normalizer> read_normalizer(const Component& component) {
  static const std::map<std::string, Plain> plain = {
      {"NFC", {in_form<Form::kNfc>, 3}},      {"NFD", {in_form<Form::kNfd>, 3}}, {"NFKC", {in_form<Form::kNfkc>, 11}},
      {"NFKD", {in_form<Form::kNfkd>, 11}},   {"Lowercase", {lowered, 1.5}},     {"StripAccents", {without_marks, 1}},
      {"ByteLevel", {in_byte_characters, 2}}, {"Nmt", {nmt, 1}}};
  static const std::map<std::string, std::unique_ptr<Normalizer> (*)(const Component&)> others = {
      {"BertNormalizer", made<Bert>}, {"Strip", made<Strip>},     {"Prepend", made<Prepend>},
      {"Replace", made<Replace>},     {"Sequence", made<Sequence>}, {"Precompiled", made<Precompiled>}};
  const auto type = component.type();
  if (const auto found = plain.find(type); found != plain.end()) return std::make_unique<Plain>(found->second);
  if (const auto found = others.find(type); found != others.end()) return found->second(component);
  throw component.unknown();
}

}  // namespace edgeattn::text
