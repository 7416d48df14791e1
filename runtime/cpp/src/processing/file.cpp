#include "file.hpp"

#include <filesystem>
#include <fstream>

#include "boundary.hpp"

namespace edgeattn {

std::string read_input_file(const std::string& path, const std::string& kind) {
  std::error_code error;
  const auto file = std::filesystem::u8path(path);
  if (!std::filesystem::is_regular_file(file, error))
    throw InputError(path + ": no such file; " + kind + " expected");
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open()) check_resources(path);
  const auto size = std::filesystem::file_size(file, error);
  std::string bytes(error ? 0 : static_cast<std::size_t>(size), '\0');
  if (error || !in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    throw InputError(path + ": cannot be read; check its permissions");
  return bytes;
}

}  // namespace edgeattn
