// The sizes of arrays, and arrays cut and put together.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns the bytes of one number of a dtype; 0 for no dtype of the manifest's.
std::size_t item_size(const std::string& dtype);

/// Returns the bytes of an array; none where a dim is negative, the dtype unknown, or the number too large.
std::optional<std::size_t> byte_count(const std::string& dtype, const std::vector<std::int64_t>& dims);

/// Returns an array of zeros.
Tensor zeros(const std::string& dtype, const std::vector<std::int64_t>& dims);

/// Returns an array cut or filled up to other dims, at the end of each; what is new holds 0 or 1.
Tensor resized(const Tensor& array, const std::vector<std::int64_t>& dims, int filling = 0);

/// Returns `count` rows from `start` on; behind the last stands the last again.
Tensor take_rows(const Tensor& array, std::int64_t start, std::int64_t count);

/// Copies a row of one array into a row of another, as much of it as both have along each dim.
void copy_row(const Tensor& from, std::int64_t row, Tensor& to, std::int64_t place);

/// Adds the rows of one array behind those of another.
void append_rows(Tensor& array, const Tensor& rows);

/// Returns the first integer of an array that is no index into a table of so many rows, as a text.
std::optional<std::string> index_beyond(const Tensor& array, std::uint64_t rows);

/// Returns the largest integer of an array as a text; none where it is empty.
std::optional<std::string> largest(const Tensor& array);

/// Says whether an array holds a NaN, which integers do not.
bool has_nan(const Tensor& array);

/// Returns an array's numbers as doubles.
std::vector<double> doubles(const Tensor& array);

}  // namespace edgeattn
