#include "system.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>

#ifndef _WIN32
#include <sys/utsname.h>
#endif

namespace edgeattn {
namespace {

constexpr double kKibibyte = 1024;

// As Linux names them.
const std::vector<std::string> kInstructionSets = {"avx2",     "avx_vnni", "avx512f", "avx512_vnni",
                                                   "amx_int8", "asimd",    "asimddp", "i8mm",
                                                   "sve",      "sve2",     "sme"};

/// Returns what follows "NAME:" in a file of /proc, for the first of these names; empty where there is none.
std::string proc(const std::string& file, const std::vector<std::string>& names) {
  std::ifstream in("/proc/" + file);
  for (std::string line; std::getline(in, line);)
    for (const auto& name : names)
      if (const auto colon = line.find(':'); line.compare(0, name.size(), name) == 0 && colon != line.npos)
        if (const auto first = line.find_first_not_of(" \t", colon + 1); first != line.npos)
          return line.substr(first);
  return "";
}

/// Returns the bytes that a line of /proc tells in kB.
std::optional<double> bytes(const std::string& file, const std::string& name) {
  const auto kibibytes = proc(file, {name});
  return kibibytes.empty() ? std::nullopt : std::optional(std::stod(kibibytes) * kKibibyte);
}

#ifdef _WIN32
std::string architecture() {
#if defined(_M_ARM64) || defined(__aarch64__)
  return "arm64";
#else
  return "x86_64";
#endif
}
std::string name() { return "Windows"; }
#else
utsname names() {
  utsname found{};
  uname(&found);
  return found;
}
std::string architecture() { return names().machine; }
std::string name() { return std::string(names().sysname) + " " + names().release; }
#endif

}  // namespace

System system_here() {
  const auto cpu = proc("cpuinfo", {"model name", "Hardware"}),
             flags = " " + proc("cpuinfo", {"flags", "Features"}) + " ";
  System here{cpu.empty() ? architecture() : cpu, {}, {}, name()};
  for (const auto& set : kInstructionSets)
    if (flags.find(" " + set + " ") != flags.npos) here.instruction_sets.push_back(set);
  if (const auto memory = bytes("meminfo", "MemTotal")) here.memory_mb = std::round(*memory / 1e6);
  return here;
}

std::optional<double> available_memory() { return bytes("meminfo", "MemAvailable"); }

std::optional<double> peak_memory_mb() {
  const auto peak = bytes("self/status", "VmHWM");
  return peak ? std::optional(*peak / 1e6) : std::nullopt;
}

void set_environment(const char* name, const char* value) {
#ifdef _WIN32
  _putenv_s(name, value);
#else
  setenv(name, value, 1);
#endif
}

}  // namespace edgeattn
