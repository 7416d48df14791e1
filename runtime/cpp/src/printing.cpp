#include "printing.hpp"

#include <algorithm>
#include <cstdio>

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

/// Writes a name and what belongs to it, as columns.
std::string row(const std::string& name, std::size_t width, const std::string& text) {
  return name + std::string(width - name.size() + 2, ' ') + text + "\n";
}

std::string forecast_text(const std::vector<std::string>& names, const Tensor& forecast) {
  std::size_t width = 0;
  for (const auto& name : names) width = std::max(width, name.size());
  const auto time = static_cast<std::size_t>(forecast.dims[2]),
             rows = static_cast<std::size_t>(forecast.dims[0]) * names.size();
  std::string text;
  for (std::size_t i = 0; i < rows; ++i)
    text += row(names[i % names.size()], width, short_numbers(forecast.as<double>() + i * time, time));
  return text;
}

std::string label_text(const std::vector<std::vector<Label>>& vectors) {
  std::vector<Label> best;
  best.reserve(vectors.size());
  for (const auto& vector : vectors) best.push_back(vector.front());
  if (vectors.size() == 1)
    best.assign(vectors[0].begin(),
                vectors[0].begin() + static_cast<std::ptrdiff_t>(std::min(kBest, vectors[0].size())));
  std::size_t width = 0;
  for (const auto& [name, value] : best) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : best) text += row(name, width, short_number(static_cast<double>(value)));
  return text;
}

}  // namespace

std::string answer_text(const Model& model, const Tensors& outputs) {
  const auto& processing = model.manifest().processing;
  if (processing && processing->series && processing->series->output)
    return forecast_text(processing->series->names, model.forecast(outputs));
  if (processing && processing->labels) return label_text(model.labels(outputs));
  std::string text;
  for (const auto& [name, array] : outputs) {
    const auto numbers = doubles(array);
    text += words(name, ": ", array.dtype, "[", array.dims.empty() ? "" : listed(array.dims), "] ",
                  short_numbers(numbers.data(), numbers.size()), "\n");
  }
  return text;
}

}  // namespace edgeattn
