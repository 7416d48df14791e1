#include "shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "number.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

/// Calls a function with the first and the last of an array's numbers, of their type.
template <class Function>
auto with_numbers(const Tensor& array, Function function) {
  return std::visit(
      [&](auto zero) {
        const auto* first = reinterpret_cast<const decltype(zero)*>(array.data.data());
        return function(first, first + array.data.size() / sizeof zero);
      },
      kZeros.at(array.dtype));
}

bool is_nan(Half number) { return (number.bits & 0x7fff) > 0x7c00; }

template <class Real>
bool is_nan(Real number) {
  return std::isnan(number);
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
  const auto found = kZeros.find(dtype);
  return found == kZeros.end() ? 0 : std::visit([](auto zero) { return sizeof zero; }, found->second);
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
  const auto fill = [&](auto number) {
    std::fill_n(reinterpret_cast<decltype(number)*>(out.data.data()), out.data.size() / sizeof number,
                decltype(number)(static_cast<std::uint32_t>(filling)));
  };
  if (filling) std::visit(fill, kZeros.at(array.dtype));
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
  return with_numbers(array, [&](const auto* first, const auto* last) {
    // One below 0 is beyond every number of rows as an unsigned one.
    const auto* found =
        std::find_if(first, last, [&](auto index) { return static_cast<std::uint64_t>(index) >= rows; });
    return found == last ? std::nullopt : std::optional(std::to_string(*found));
  });
}

std::optional<std::string> largest(const Tensor& array) {
  return with_numbers(array, [](const auto* first, const auto* last) {
    return first == last ? std::nullopt : std::optional(std::to_string(*std::max_element(first, last)));
  });
}

bool has_nan(const Tensor& array) {
  return with_numbers(array, [](const auto* first, const auto* last) {
    if constexpr (std::is_integral_v<std::decay_t<decltype(*first)>>) return false;
    return std::any_of(first, last, [](auto number) { return is_nan(number); });
  });
}

std::vector<double> doubles(const Tensor& array) {
  return with_numbers(array, [](const auto* first, const auto* last) { return std::vector<double>(first, last); });
}

}  // namespace edgeattn
