#include "boundary.hpp"

#include <cerrno>
#include <utility>
#include <vector>

namespace edgeattn {
namespace {

constexpr char kMemory[] = "memory", kFiles[] = "file descriptors";

const std::vector<std::pair<std::errc, std::string>> kLacks = {
    {std::errc::not_enough_memory, kMemory},
    {std::errc::too_many_files_open, kFiles},
    {std::errc::too_many_files_open_in_system, kFiles},
    {std::errc::no_space_on_device, "space on the disk"},
};

}  // namespace

std::string lacking(const std::error_code& error) {
  for (const auto& [known, lack] : kLacks)
    if (error == known) return lack;
  return "";
}

std::string lacking(const std::string& reason) {
  for (const auto* phrase : {"Failed to allocate memory", "bad allocation", "bad_alloc"})
    if (reason.find(phrase) != std::string::npos) return kMemory;
  for (const auto& [known, lack] : kLacks)
    if (reason.find(std::make_error_code(known).message()) != std::string::npos) return lack;
  return "";
}

ResourceError shortage(const std::string& subject, const std::string& lack, const std::string& reason) {
  const auto remedy = lack == kMemory  ? "free some, or take a smaller model or fewer inputs at a time"
                      : lack == kFiles ? "close files, or raise the limit (ulimit -n)"
                                       : "free some";
  return ResourceError(words(subject, ": out of ", lack, " (", reason, "); ", remedy));
}

void check_resources(const std::string& subject) {
  const std::error_code error(errno, std::generic_category());
  if (const auto lack = lacking(error); !lack.empty()) throw shortage(subject, lack, error.message());
}

}  // namespace edgeattn
