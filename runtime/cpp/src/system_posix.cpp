#ifndef _WIN32

#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "system.hpp"

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
      if (const auto colon = line.find(':'); line.compare(0, name.size(), name) == 0 && colon != std::string::npos)
        if (const auto first = line.find_first_not_of(" \t", colon + 1); first != std::string::npos)
          return line.substr(first);
  return "";
}

/// Returns the bytes that a line of /proc tells in kB.
std::optional<double> bytes(const std::string& file, const std::string& name) {
  const auto kibibytes = proc(file, {name});
  return kibibytes.empty() ? std::nullopt : std::optional(std::stod(kibibytes) * kKibibyte);
}

utsname system_names() {
  utsname found{};
  uname(&found);
  return found;
}

}  // namespace

System system_here() {
  const auto cpu = proc("cpuinfo", {"model name", "Hardware"}),
             flags = " " + proc("cpuinfo", {"flags", "Features"}) + " ";
  const auto names = system_names();
  System here{cpu.empty() ? names.machine : cpu, {}, {}, std::string(names.sysname) + " " + names.release};
  for (const auto& set : kInstructionSets)
    if (flags.find(" " + set + " ") != std::string::npos) here.instruction_sets.push_back(set);
  if (const auto memory = bytes("meminfo", "MemTotal")) here.memory_mb = std::round(*memory / 1e6);
  return here;
}

std::optional<double> available_memory() { return bytes("meminfo", "MemAvailable"); }

std::optional<double> peak_memory_mb() {
  const auto peak = bytes("self/status", "VmHWM");
  return peak ? std::optional(*peak / 1e6) : std::nullopt;
}

void without_lines(const std::string& words, const std::function<void()>& work) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  const int kept = dup(STDERR_FILENO);
  if (!file || kept < 0) return work();
  std::fflush(stderr);
  dup2(fileno(file.get()), STDERR_FILENO);
  work();
  dup2(kept, STDERR_FILENO);
  close(kept);
  std::rewind(file.get());
  std::string line;
  for (int next; (next = std::fgetc(file.get())) != EOF;) {
    line += static_cast<char>(next);
    if (next != '\n') continue;
    if (line.size() > 1 && line.find(words) == std::string::npos) std::fputs(line.c_str(), stderr);
    line.clear();
  }
}

bool is_terminal() { return isatty(STDOUT_FILENO) != 0; }

void set_environment(const char* name, const char* value) { setenv(name, value, 1); }

std::vector<std::string> arguments_in_utf8(int count, char** words) { return {words, words + count}; }

}  // namespace edgeattn

#endif
