#include "safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "record.hpp"
#include "shape.hpp"

namespace edgeattn {
namespace {

const std::map<std::string, std::string> kDtypeOf = {
    {"BOOL", "bool"},  {"I8", "int8"},     {"U8", "uint8"},    {"I16", "int16"},
    {"U16", "uint16"}, {"I32", "int32"},   {"U32", "uint32"},  {"I64", "int64"},
    {"U64", "uint64"}, {"F16", "float16"}, {"F32", "float32"}, {"F64", "float64"}};

using Span = std::pair<std::uint64_t, std::uint64_t>;  // of bytes, the end not included

/// Checks that it holds texts alone, as the library in Python does.
void check_metadata(const Field& field) {
  if (field.is_null()) return;
  for (const auto& [key, value] : field.table()) value.any_text();
}

/// Reads one entry of the header, and copies its bytes.
std::pair<Span, Tensor> parse_entry(const Field& field, std::string_view data) {
  Field::Names codes;
  for (const auto& [code, dtype] : kDtypeOf) codes.push_back(code);
  std::string code;
  Tensor tensor;
  std::vector<std::int64_t> offsets;
  Record record(field);
  record("dtype", code, codes)("shape", tensor.dims, AtLeast{0}, 0)("data_offsets", offsets, AtLeast{2}, 0)
      .end();
  tensor.dtype = kDtypeOf.at(code);
  const auto bytes = byte_count(tensor.dtype, tensor.dims);
  const auto begin = static_cast<std::uint64_t>(offsets[0]), end = static_cast<std::uint64_t>(offsets[1]);
  if (offsets.size() != 2 || end > data.size() || begin > end || !bytes || end - begin != *bytes)
    throw record["data_offsets"].refusal("the bytes of its dtype and shape, within the file");
  const auto* first = reinterpret_cast<const std::byte*>(data.data());
  tensor.data.assign(first + begin, first + end);
  return {Span{begin, end}, std::move(tensor)};
}

}  // namespace

Tensors parse_safetensors(std::string_view bytes) try {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8 && i < bytes.size(); ++i)
    length |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  if (bytes.size() < 8 || length > bytes.size() - 8) throw InputError("its header is cut off");
  const auto data = bytes.substr(8 + length);
  const auto header = parse_json(bytes.substr(8, length));
  Tensors tensors;
  std::vector<Span> spans;
  for (const auto& [name, field] : Field("", header).table()) {
    if (name == "__metadata__") {
      check_metadata(field);
      continue;
    }
    auto [span, tensor] = parse_entry(field, data);
    spans.push_back(span);
    tensors.emplace(name, std::move(tensor));
  }
  std::sort(spans.begin(), spans.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != covered) throw InputError("its tensors overlap or leave bytes out");
    covered = end;
  }
  if (covered != data.size()) throw InputError("bytes behind its last tensor");
  return tensors;
} catch (const BundleError& error) {
  throw InputError(error.what());
}

std::string write_safetensors(const Tensors& tensors) {
  std::map<std::string, std::string> codes;
  for (const auto& [code, dtype] : kDtypeOf) codes[dtype] = code;
  auto header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const auto begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    header[name] = {
        {"dtype", codes.at(tensor.dtype)}, {"shape", tensor.dims}, {"data_offsets", {begin, data.size()}}};
  }
  auto text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the numbers are aligned
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(text.size() >> (8 * i) & 255);
  return length + text + data;
}

}  // namespace edgeattn
