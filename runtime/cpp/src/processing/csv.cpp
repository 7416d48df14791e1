// CSV files: columns of numbers by the names in their first line, as RFC 4180 has it.
#include <algorithm>
#include <cmath>
#include <locale>

#include "file.hpp"
#include "legible.hpp"
#include "text/unicode.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

using Row = std::vector<std::string>;

/// Reads a file row by row; empty lines are passed over.
class CsvRows {
 public:
  explicit CsvRows(std::string_view text) : text_(text) {}

  /// Fills the next row; false where there is none. Throws InputError where quotes are out of place.
  bool next(Row& row) {
    do {
      row.clear();
      if (at_ == text_.size()) return false;
      while (!read_cell(row)) {
      }
    } while (row.size() == 1 && row.front().empty() && !quoted_);
    return true;
  }

 private:
  /// Adds one cell, and says whether it ended its line.
  bool read_cell(Row& row) {
    auto& cell = row.emplace_back();
    quoted_ = at_ < text_.size() && text_[at_] == '"';
    if (quoted_) read_quoted(cell);
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == ',') return ++at_, false;
      if (c == '\n' || c == '\r') {
        at_ += text_.substr(at_, 2) == "\r\n" ? 2 : 1;
        return true;
      }
      if (quoted_) throw InputError("no CSV file (text behind a quote); save it again");
      cell += c;
    }
    return true;
  }

  void read_quoted(std::string& cell) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (text_.substr(at_ + 1, 1) == "\"") {
        cell += text_[at_++];
      } else {
        return void(++at_);
      }
    }
    throw InputError("no CSV file (a quote that never ends); save it again");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool quoted_ = false;  // the last cell
};

std::string stripped(const std::string& text) {
  constexpr char kBlanks[] = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Says whether a text is a decimal number: a sign, digits with or without a point, an exponent.
bool is_decimal(std::string_view text) {
  std::size_t at = 0;
  const auto skip = [&](std::string_view letters) {
    at += at < text.size() && letters.find(text[at]) != std::string::npos;
  };
  const auto digits = [&] {
    const auto first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  skip("+-");
  auto count = digits();
  if (at < text.size() && text[at] == '.') ++at, count += digits();
  if (count == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at, skip("+-");
    if (digits() == 0) return false;
  }
  return at == text.size();
}

/// Reads the numbers of cells; one reader for all, as a stream is slow to make.
class NumberReader {
 public:
  NumberReader() { in_.imbue(std::locale::classic()); }

  double read(const std::string& cell, std::size_t line) {
    const auto text = stripped(cell);
    auto lower = text;
    for (auto& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower.empty() || lower == "nan" || lower == "na" || lower == "null") return std::nan("");
    if (!is_decimal(text))
      throw InputError(words("line ", line, ": ", quoted(text.substr(0, 20)), " found, a number expected"));
    double value = 0;
    in_.clear();
    in_.str(text);
    if (!(in_ >> value) || std::isinf(value))
      throw InputError(words("line ", line, ": ", quoted(text.substr(0, 20)), " is beyond all numbers"));
    return value;
  }

 private:
  std::istringstream in_;
};

/// Returns the place of each name in the first line.
std::vector<std::size_t> places_of(const std::vector<std::string>& names, const Row& header) {
  std::vector<std::size_t> places;
  for (const auto& name : names) {
    const auto count = std::count(header.begin(), header.end(), name);
    if (count != 1)
      throw InputError(words(count, " columns ", quoted(name),
                             " found in its first line, one expected; it names ",
                             one_line(listed(header), 80)));
    places.push_back(
        static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin()));
  }
  return places;
}

}  // namespace

Series decode_csv(std::string_view text, const std::vector<std::string>& names) {
  if (text::invalid_utf8(text)) throw InputError("no CSV file of UTF-8; save it again");
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  CsvRows rows(text);
  Row row;
  rows.next(row);
  for (auto& name : row) name = stripped(name);
  const auto places = places_of(names, row);
  std::vector<std::vector<double>> columns(names.size());
  NumberReader numbers;
  for (std::size_t line = 2; rows.next(row); ++line)
    for (std::size_t i = 0; i < places.size(); ++i)
      columns[i].push_back(numbers.read(places[i] < row.size() ? row[places[i]] : "", line));
  Series series{static_cast<std::int64_t>(names.size()), {}};
  for (const auto& column : columns) series.values.insert(series.values.end(), column.begin(), column.end());
  return series;
}

Series read_csv(const std::string& path, const std::vector<std::string>& names) {
  return decoded(path, "a CSV file", [&](std::string_view text) { return decode_csv(text, names); });
}

}  // namespace edgeattn
