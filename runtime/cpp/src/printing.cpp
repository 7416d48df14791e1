#include "printing.hpp"

#include <algorithm>
#include <cstdio>

#include "processing/part.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kBest = 5, kFirst = 6;  // labels shown of one answer, numbers of an array

std::string short_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

std::string short_numbers(const double* first, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, kFirst); ++i) text += (i ? " " : "") + short_number(first[i]);
  return count > kFirst ? text + " ..." : text;
}

/// Returns how many characters a text has.
std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

using Cells = std::vector<std::string>;

/// Writes rows of as many cells each as lines, the columns aligned.
std::string columns(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows[0].size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += (i ? "  " : "") + row[i];
      if (i + 1 < row.size()) text.append(widths[i] - characters(row[i]), ' ');
    }
    text += "\n";
  }
  return text;
}

std::string forecast_text(const std::vector<std::string>& names, const Tensor& forecast) {
  const auto time = static_cast<std::size_t>(forecast.dims[2]),
             count = static_cast<std::size_t>(forecast.dims[0]) * names.size();
  std::vector<Cells> rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({names[i % names.size()], short_numbers(forecast.as<double>() + i * time, time)});
  return columns(rows);
}

/// Returns the best of one row, or the first of each.
template <class One>
std::vector<One> best_of(const std::vector<std::vector<One>>& rows) {
  if (rows.size() == 1)
    return {rows[0].begin(), rows[0].begin() + static_cast<std::ptrdiff_t>(std::min(kBest, rows[0].size()))};
  std::vector<One> best;
  for (const auto& row : rows) best.push_back(row.front());
  return best;
}

std::string label_text(const std::vector<std::vector<Label>>& vectors) {
  std::vector<Cells> rows;
  for (const auto& [name, value] : best_of(vectors)) rows.push_back({name, short_number(static_cast<double>(value))});
  return columns(rows);
}

std::string fixed(double number, int digits) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

Cells cells(const Prediction& prediction, bool pixels) {
  const auto& [label, score, text, box, span] = prediction;
  Cells cells;
  if (text) {
    cells.push_back(*text);
    std::replace(cells.back().begin(), cells.back().end(), '\n', ' ');
  }
  if (label) cells.push_back(*label);
  if (score) cells.push_back(fixed(*score, 4));
  if (box) {
    std::string sides;
    for (const auto side : *box) sides += (sides.empty() ? "" : " ") + fixed(side, pixels ? 0 : 4);
    cells.push_back(sides);
  }
  if (span) cells.push_back(words((*span)[0], " ", (*span)[1]));
  return cells;
}

/// Writes a line a prediction: of a class the likeliest; of several rows one of each, or all and a gap.
std::string prediction_text(std::vector<std::vector<Prediction>> rows, bool pixels) {
  bool ranked = true, single = true;
  for (const auto& row : rows) {
    single = single && row.size() == 1;
    for (const auto& each : row) ranked = ranked && !each.text && !each.box;
    ranked = ranked && !row.empty();
  }
  if (ranked || single) rows = {best_of(rows)};
  std::string text;
  for (const auto& row : rows) {
    std::vector<Cells> lines;
    for (const auto& each : row) lines.push_back(cells(each, pixels));
    text += (text.empty() ? "" : "\n") + (row.empty() ? "nothing found\n" : columns(lines));
  }
  return text;
}

}  // namespace

std::string answer_text(const Model& model, const Tensors& outputs, const PredictionSource& source) {
  const auto& processing = model.manifest().processing;
  if (processing && processing->series && processing->series->output)
    return forecast_text(processing->series->names, model.forecast(outputs));
  if (processing && processing->prediction) {
    const auto& how = *processing->prediction;
    const bool of_text = std::holds_alternative<Tags>(how) || std::holds_alternative<AnswerSpan>(how);
    if ((of_text && source.texts.empty()) || (needs_sizes(*processing) && source.sizes.empty())) return raw_text(outputs);
    return prediction_text(model.predictions(outputs, source), !source.sizes.empty());
  }
  if (processing && processing->labels) return label_text(model.labels(outputs));
  return raw_text(outputs);
}

std::string raw_text(const Tensors& outputs) {
  std::string text;
  for (const auto& [name, array] : outputs) {
    const auto numbers = doubles(array);
    text += words(name, ": ", array.dtype, "[", array.dims.empty() ? "" : listed(array.dims), "] ",
                  short_numbers(numbers.data(), numbers.size()), "\n");
  }
  return text;
}

}  // namespace edgeattn
