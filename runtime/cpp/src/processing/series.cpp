// Series become an input, and an output a forecast: scaled, and back again.
#include <algorithm>
#include <cmath>

#include "model.hpp"
#include "part.hpp"
#include "shape.hpp"

// To the bit: no multiplication is fused with an addition, however this is built.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

namespace edgeattn {
namespace {

std::int64_t time_of(const Series& set) {
  return static_cast<std::int64_t>(set.values.size()) / std::max<std::int64_t>(set.count, 1);
}

void check_set(const SeriesProcessing& how, const Series& set, const Dim& last) {
  const auto count = static_cast<std::int64_t>(how.names.size());
  if (set.count != count || static_cast<std::int64_t>(set.values.size()) % count != 0)
    throw InputError(words("series: ", set.values.size(), " numbers of ", set.count,
                           " series found, as many of each of ", count, " expected: ", listed(how.names)));
  const auto time = time_of(set);
  if (time == 0 || (last.symbol.empty() && time != last.size))
    throw InputError(
        words("series: ", time, " values of each series found, ",
              last.symbol.empty() ? words(last.size) : "at least 1", " expected",
              last.symbol.empty() && time > last.size ? words("; give the last ", last.size) : ""));
  if (std::any_of(set.values.begin(), set.values.end(), [](double value) { return std::isinf(value); }))
    throw InputError("series: an infinite value found, numbers expected");
}

/// Writes one series scaled. A missing number is the last before it, and at the beginning the first behind.
void write(const double* values, std::int64_t time, const SeriesProcessing& how, std::size_t place,
           float* out) {
  const auto* end = values + time;
  const auto missing = [](double value) { return std::isnan(value); };
  const auto* gap = std::find_if(values, end, missing);
  const auto* present = std::find_if_not(values, end, missing);
  const auto name = [&] { return words("series: ", how.names[place], ": "); };
  if (gap != end && how.missing == "refuse")
    throw InputError(words(name(), std::count_if(values, end, missing), " of ", time,
                           " values are missing, the first at ", gap - values,
                           "; the bundle takes none with gaps"));
  if (present == end)
    throw InputError(words(name(), "all ", time, " values are missing, at least one expected"));
  double held = *present;
  for (; values != end; ++values) {
    if (!missing(*values)) held = *values;
    *out++ = static_cast<float>((held - how.mean[place]) / how.std[place]);
  }
}

}  // namespace

Tensors Model::prepare(const std::vector<Series>& sets) const {
  const auto& how = part_of(manifest(), &Processing::series, "series");
  if (sets.empty()) throw InputError("series: an empty batch found, at least one expected");
  const auto& last = input_of(manifest(), how.input).dims.back();
  for (const auto& set : sets) {
    check_set(how, set, last);
    if (time_of(set) != time_of(sets.front()))
      throw InputError(words("series: ", time_of(sets.front()), " and ", time_of(set),
                             " values of each found, one length expected; prepare them one by one"));
  }
  const auto count = sets.front().count, time = time_of(sets.front());
  auto tensor = zeros("float32", {static_cast<std::int64_t>(sets.size()), count, time});
  auto* row = reinterpret_cast<float*>(tensor.data.data());
  for (const auto& set : sets)
    for (std::int64_t i = 0; i < count; ++i, row += time)
      write(set.values.data() + i * time, time, how, static_cast<std::size_t>(i), row);
  return {{how.input, std::move(tensor)}};
}

Tensor Model::forecast(const Tensors& outputs) const {
  const auto& how = part_of(manifest(), &Processing::series, "series");
  const auto output = outputs.find(how.output.value_or(""));
  if (!how.output || output == outputs.end())
    throw InputError(words("outputs: no ", how.output.value_or("forecast"), " among ", keys(outputs)));
  const auto& dims = output->second.dims;
  const auto count = how.names.size();
  if (output->second.dtype != "float32" || dims.size() != 3 || dims[1] != static_cast<std::int64_t>(count) ||
      byte_count("float32", dims) != output->second.data.size())
    throw InputError(words(*how.output, ": ", output->second.dtype, "[", dims.empty() ? "" : listed(dims),
                           "] found, float32[batch, ", count, ", time] expected"));
  auto forecast = zeros("float64", dims);
  const auto* values = output->second.as<float>();
  auto* numbers = reinterpret_cast<double*>(forecast.data.data());
  const auto time = static_cast<std::size_t>(dims[2]), rows = static_cast<std::size_t>(dims[0]) * count;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < time; ++i)
      *numbers++ = *values++ * how.std[row % count] + how.mean[row % count];
  return forecast;
}

}  // namespace edgeattn
