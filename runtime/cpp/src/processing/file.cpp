#include "file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace edgeattn {

std::string read_input_file(const std::string& path, const std::string& kind) {
  std::error_code none;
  const auto file = std::filesystem::u8path(path);
  std::ifstream in(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, none) || !in)
    throw InputError(path + ": no such file; " + kind + " expected");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace edgeattn
