#include "shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "words.hpp"

namespace edgeattn {
namespace {

double half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double infinite =
      fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  const double size = exponent == 31  ? infinite
                      : exponent == 0 ? std::ldexp(fraction, -24)
                                      : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

template <class Number>
void append(std::vector<double>& out, const Tensor& array) {
  Number number;
  for (std::size_t at = 0; at < array.data.size(); at += sizeof(Number)) {
    std::memcpy(&number, array.data.data() + at, sizeof(Number));
    if constexpr (std::is_same_v<Number, std::uint16_t>) {
      out.push_back(array.dtype == "float16" ? half(number) : number);
    } else {
      out.push_back(static_cast<double>(number));
    }
  }
}

template <class Number, class Test>
bool any_of(const Tensor& array, Test test) {
  Number number;
  for (std::size_t at = 0; at < array.data.size(); at += sizeof(Number)) {
    std::memcpy(&number, array.data.data() + at, sizeof(Number));
    if (test(number)) return true;
  }
  return false;
}

template <class Integer>
std::optional<std::string> first_beyond(const Tensor& array, std::uint64_t rows) {
  Integer index;
  for (std::size_t at = 0; at < array.data.size(); at += sizeof(Integer)) {
    std::memcpy(&index, array.data.data() + at, sizeof(Integer));
    // One below 0 is beyond every number of rows as an unsigned one.
    if (static_cast<std::uint64_t>(index) >= rows) return std::to_string(index);
  }
  return std::nullopt;
}

template <class Integer>
Integer largest_of(const Tensor& array) {
  Integer integer, largest = std::numeric_limits<Integer>::lowest();
  for (std::size_t at = 0; at < array.data.size(); at += sizeof(Integer)) {
    std::memcpy(&integer, array.data.data() + at, sizeof(Integer));
    largest = std::max(largest, integer);
  }
  return largest;
}

/// Calls a function with a 0 of the type of an array's integers.
template <class Function>
auto as_integers(const Tensor& array, Function function) {
  if (array.dtype == "int8") return function(std::int8_t{});
  if (array.dtype == "uint8") return function(std::uint8_t{});
  if (array.dtype == "int16") return function(std::int16_t{});
  if (array.dtype == "uint16") return function(std::uint16_t{});
  if (array.dtype == "int32") return function(std::int32_t{});
  if (array.dtype == "uint32") return function(std::uint32_t{});
  return array.dtype == "int64" ? function(std::int64_t{}) : function(std::uint64_t{});
}

/// Returns the bytes of a 0 or 1 of a dtype, of a little-endian machine.
std::vector<std::byte> number_bytes(const std::string& dtype, int number) {
  std::vector<std::byte> bytes(item_size(dtype));
  if (number == 0) return bytes;
  const double one = 1;
  const float one_float = 1;
  const std::uint16_t one_half = 0x3c00;
  const std::uint64_t one_integer = 1;
  const void* source = dtype == "float64"   ? static_cast<const void*>(&one)
                       : dtype == "float32" ? static_cast<const void*>(&one_float)
                       : dtype == "float16" ? static_cast<const void*>(&one_half)
                                            : static_cast<const void*>(&one_integer);
  std::memcpy(bytes.data(), source, bytes.size());
  return bytes;
}

void copy_overlap(const Tensor& from, Tensor& to, std::size_t axis, std::size_t source, std::size_t target) {
  const auto size = item_size(from.dtype),
             both = static_cast<std::size_t>(std::min(from.dims[axis], to.dims[axis]));
  if (axis + 1 == from.dims.size()) {
    std::copy_n(from.data.begin() + static_cast<std::ptrdiff_t>(source * size), both * size,
                to.data.begin() + static_cast<std::ptrdiff_t>(target * size));
    return;
  }
  const auto next = axis + 1;
  for (std::size_t i = 0; i < both; ++i)
    copy_overlap(from, to, next, (source + i) * static_cast<std::size_t>(from.dims[next]),
                 (target + i) * static_cast<std::size_t>(to.dims[next]));
}

}  // namespace

std::size_t item_size(const std::string& dtype) {
  static const std::map<std::string, std::size_t> sizes = {
      {"bool", 1},   {"int8", 1},  {"uint8", 1},  {"int16", 2},   {"uint16", 2},  {"int32", 4},
      {"uint32", 4}, {"int64", 8}, {"uint64", 8}, {"float16", 2}, {"float32", 4}, {"float64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

std::optional<std::size_t> byte_count(const std::string& dtype, const std::vector<std::int64_t>& dims) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max());
  std::uint64_t bytes = item_size(dtype);
  if (bytes == 0 || std::any_of(dims.begin(), dims.end(), [](auto dim) { return dim < 0; }))
    return std::nullopt;
  if (std::count(dims.begin(), dims.end(), 0)) return 0;
  for (const auto dim : dims) {
    if (bytes > most / static_cast<std::uint64_t>(dim)) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(dim);
  }
  return bytes;
}

Tensor zeros(const std::string& dtype, const std::vector<std::int64_t>& dims) {
  const auto bytes = byte_count(dtype, dims);
  if (!bytes)
    throw InputError(words(dtype, "[", listed(dims), "]: no array can be as large; give smaller inputs"));
  return {dtype, dims, std::vector<std::byte>(*bytes)};
}

Tensor resized(const Tensor& array, const std::vector<std::int64_t>& dims, int filling) {
  if (array.dims == dims) return array;
  auto out = zeros(array.dtype, dims);
  const auto bytes = number_bytes(array.dtype, filling);
  if (filling)
    for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] = bytes[i % bytes.size()];
  if (!out.data.empty() && !array.data.empty()) copy_overlap(array, out, 0, 0, 0);
  return out;
}

Tensor take_rows(const Tensor& array, std::int64_t start, std::int64_t count) {
  const auto row = static_cast<std::ptrdiff_t>(array.data.size()) / std::max<std::int64_t>(array.dims[0], 1);
  Tensor rows{array.dtype, array.dims, {}};
  rows.dims[0] = count;
  for (auto i = start; i < start + count; ++i) {
    const auto first = array.data.begin() + std::min(i, array.dims[0] - 1) * row;
    rows.data.insert(rows.data.end(), first, first + row);
  }
  return rows;
}

void copy_row(const Tensor& from, std::int64_t row, Tensor& to, std::int64_t place) {
  if (from.data.empty() || to.data.empty()) return;
  const auto item = item_size(from.dtype), source = static_cast<std::size_t>(row),
             target = static_cast<std::size_t>(place);
  if (from.dims.size() > 1) {
    copy_overlap(from, to, 1, source * static_cast<std::size_t>(from.dims[1]),
                 target * static_cast<std::size_t>(to.dims[1]));
  } else {
    std::memcpy(to.data.data() + target * item, from.data.data() + source * item, item);
  }
}

void append_rows(Tensor& array, const Tensor& rows) {
  array.dims[0] += rows.dims[0];
  array.data.insert(array.data.end(), rows.data.begin(), rows.data.end());
}

std::optional<std::string> index_beyond(const Tensor& array, std::uint64_t rows) {
  return as_integers(array, [&](auto zero) { return first_beyond<decltype(zero)>(array, rows); });
}

std::optional<std::string> largest(const Tensor& array) {
  if (array.data.empty()) return std::nullopt;
  return as_integers(array, [&](auto zero) { return std::to_string(largest_of<decltype(zero)>(array)); });
}

bool has_nan(const Tensor& array) {
  if (array.dtype == "float32") return any_of<float>(array, [](float number) { return std::isnan(number); });
  if (array.dtype == "float64") return any_of<double>(array, [](double number) { return std::isnan(number); });
  return array.dtype == "float16" &&
         any_of<std::uint16_t>(array, [](std::uint16_t bits) { return (bits & 0x7fff) > 0x7c00; });
}

std::vector<double> doubles(const Tensor& array) {
  std::vector<double> out;
  const std::map<std::string, void (*)(std::vector<double>&, const Tensor&)> readers = {
      {"bool", append<std::uint8_t>},    {"int8", append<std::int8_t>},
      {"uint8", append<std::uint8_t>},   {"int16", append<std::int16_t>},
      {"uint16", append<std::uint16_t>}, {"int32", append<std::int32_t>},
      {"uint32", append<std::uint32_t>}, {"int64", append<std::int64_t>},
      {"uint64", append<std::uint64_t>}, {"float16", append<std::uint16_t>},
      {"float32", append<float>},        {"float64", append<double>}};
  readers.at(array.dtype)(out, array);
  return out;
}

}  // namespace edgeattn
