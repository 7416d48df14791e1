#include "decoder.hpp"

#include <algorithm>

#include "byte_alphabet.hpp"
#include "pattern.hpp"
#include "pre_tokenizer.hpp"

namespace edgeattn::text {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const auto& token : tokens) text += token;
  return text;
}

std::string replaced(std::string_view text, std::string_view wanted, std::string_view content) {
  if (wanted.empty()) return std::string(text);
  std::string out;
  std::size_t kept = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, kept)) {
    out.append(text, kept, at - kept).append(content);
    kept = at + wanted.size();
  }
  return out.append(text, kept);
}

/// Undoes the blanks that English tokenizers put before punctuation.
std::string cleaned(std::string token) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kBlanks = {
      {{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
       {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}}};
  if (token.find(' ') == std::string::npos) return token;
  for (const auto& [wanted, content] : kBlanks) token = replaced(token, wanted, content);
  return token;
}

/// Returns bytes as UTF-8: U+FFFD for each longest beginning of a character that is not whole (Unicode 3.9, U+FFFD
/// Substitution of Maximal Subparts).
std::string lossy(std::string_view bytes) {
  std::string out;
  while (const auto bad = invalid_utf8(bytes)) {
    out.append(bytes.substr(0, *bad)).append(kReplacement);
    bytes.remove_prefix(*bad);
    // The longest beginning of a character: bytes that some continuation would make whole.
    std::size_t size = 1;
    for (; size < 4 && size < bytes.size(); ++size) {
      static constexpr std::array<std::string_view, 3> kFillers = {"\x80\x80\x80", "\x90\x80\x80", "\xbf\x80\x80"};
      const auto begun = std::string(bytes.substr(0, size + 1));
      const auto can_end = [&](std::string_view filler) {
        const auto whole = width(begun[0]);
        return begun.size() < whole && !invalid_utf8(begun + std::string(filler.substr(0, whole - begun.size())));
      };
      if (static_cast<unsigned char>(begun[0]) < 0xc2 || std::none_of(kFillers.begin(), kFillers.end(), can_end)) break;
    }
    bytes.remove_prefix(size);
  }
  return out.append(bytes);
}

class ByteLevel : public Decoder {
 public:
  Tokens apply(Tokens tokens) const override {
    std::string bytes;
    for (const auto& token : tokens) append_from_characters(bytes, token);
    return {lossy(bytes)};
  }
};

class WordPiece : public Decoder {
 public:
  explicit WordPiece(const Component& component)
      : prefix_(component.text("prefix")), cleans_(component.flag("cleanup")) {}

  Tokens apply(Tokens tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      auto& token = tokens[i];
      if (i > 0) {
        if (token.compare(0, prefix_.size(), prefix_) == 0) token.erase(0, prefix_.size());
        else token.insert(0, 1, ' ');
      }
      if (cleans_) token = cleaned(std::move(token));
    }
    return tokens;
  }

 private:
  std::string prefix_;
  bool cleans_;
};

class Metaspace : public Decoder {
 public:
  explicit Metaspace(const Component& component)
      : replacement_(read_character(component, "replacement")), prepends_(read_prepend_scheme(component) != "never") {}

  Tokens apply(Tokens tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = replaced(tokens[i], replacement_, i == 0 && prepends_ ? "" : " ");
    return tokens;
  }

 private:
  std::string replacement_;
  bool prepends_;
};

class Bpe : public Decoder {
 public:
  explicit Bpe(const Component& component) : suffix_(component.text("suffix")) {
    if (suffix_.empty()) throw component.refusal("an empty suffix found");
  }
  Tokens apply(Tokens tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = replaced(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    return tokens;
  }

 private:
  std::string suffix_;
};

class Ctc : public Decoder {
 public:
  explicit Ctc(const Component& component)
      : padding_(component.text("pad_token")),
        delimiter_(component.text("word_delimiter_token")),
        cleans_(component.flag("cleanup")) {
    if (padding_.empty() || delimiter_.empty()) throw component.refusal("an empty token found");
  }

  Tokens apply(Tokens tokens) const override {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (auto& token : tokens) {
      token = replaced(token, padding_, "");
      if (cleans_) token = replaced(cleaned(std::move(token)), delimiter_, " ");
    }
    tokens.erase(std::remove(tokens.begin(), tokens.end(), ""), tokens.end());
    return tokens;
  }

 private:
  std::string padding_, delimiter_;
  bool cleans_;
};

class Fuse : public Decoder {
 public:
  Tokens apply(Tokens tokens) const override { return {joined(tokens)}; }
};

/// Takes some of a character away at both ends of every token.
class Strip : public Decoder {
 public:
  explicit Strip(const Component& component)
      : content_(read_character(component, "content")), start_(component.number("start")), stop_(component.number("stop")) {}

  Tokens apply(Tokens tokens) const override {
    for (auto& token : tokens) {
      const std::string_view text = token;
      const auto size = content_.size();
      std::size_t begin = 0, end = text.size();
      for (std::uint32_t i = 0; i < start_ && text.substr(begin, size) == content_; ++i) begin += size;
      for (std::uint32_t i = 0; i < stop_ && end >= begin + size && text.substr(end - size, size) == content_; ++i)
        end -= size;
      token = token.substr(begin, end - begin);
    }
    return tokens;
  }

 private:
  std::string content_;
  std::uint32_t start_, stop_;
};

/// Makes characters of tokens such as <0xE2>.
class ByteFallback : public Decoder {
 public:
  Tokens apply(Tokens tokens) const override {
    Tokens out;
    std::string bytes;  // of the tokens before
    const auto flush = [&] {
      const bool valid = !invalid_utf8(bytes);
      if (valid && !bytes.empty()) out.push_back(bytes);
      else out.insert(out.end(), bytes.size(), std::string(kReplacement));
      bytes.clear();
    };
    for (auto& token : tokens) {
      if (const auto byte = byte_of(token)) {
        bytes.push_back(*byte);
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    return out;
  }

 private:
  static std::optional<char> byte_of(const std::string& token) {
    const auto digit = [](char c) {
      const auto at = std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
      return at == std::string_view::npos ? -1 : static_cast<int>(at);
    };
    if (token.size() != 6 || token.compare(0, 3, "<0x") != 0 || token[5] != '>') return std::nullopt;
    const int high = token[3] == '+' ? 0 : digit(token[3]), low = digit(token[4]);
    return high < 0 || low < 0 ? std::nullopt : std::optional(static_cast<char>(high << 4 | low));
  }
};

class Replace : public Decoder {
 public:
  explicit Replace(const Component& component)
      : pattern_(component.part("pattern")), content_(component.text("content")) {}
  Tokens apply(Tokens tokens) const override {
    for (auto& token : tokens) token = pattern_.replaced(token, content_);
    return tokens;
  }
  double growth() const override { return pattern_.growth(content_); }

 private:
  Pattern pattern_;
  std::string content_;
};

class Sequence : public Decoder {
 public:
  explicit Sequence(const Component& component) {
    for (const auto& part : component.parts("decoders")) parts_.push_back(read_decoder(part));
  }
  Tokens apply(Tokens tokens) const override {
    for (const auto& part : parts_) tokens = part->apply(std::move(tokens));
    return tokens;
  }
  double growth() const override {
    double whole = 1;
    for (const auto& part : parts_) whole *= part->growth();
    return whole;
  }

 private:
  std::vector<std::unique_ptr<Decoder>> parts_;
};

template <class Kind>
std::unique_ptr<Decoder> made(const Component& component) {
  if constexpr (std::is_default_constructible_v<Kind>) return std::make_unique<Kind>();
  else return std::make_unique<Kind>(component);
}

}  // namespace

std::unique_ptr<Decoder> read_decoder(const Component& component) {
  static const std::map<std::string, std::unique_ptr<Decoder> (*)(const Component&)> known = {
      {"BPEDecoder", made<Bpe>}, {"ByteFallback", made<ByteFallback>}, {"ByteLevel", made<ByteLevel>},
      {"CTC", made<Ctc>},        {"Fuse", made<Fuse>},                 {"Metaspace", made<Metaspace>},
      {"Replace", made<Replace>}, {"Sequence", made<Sequence>},        {"Strip", made<Strip>},
      {"WordPiece", made<WordPiece>}};
  const auto found = known.find(component.type());
  if (found == known.end()) throw component.unknown();
  return found->second(component);
}

}  // namespace edgeattn::text
