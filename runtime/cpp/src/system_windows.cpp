#ifdef _WIN32

#include <windows.h>
// which the next need
#include <io.h>
#include <psapi.h>
#include <shellapi.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "system.hpp"

namespace edgeattn {
namespace {

// Of PF_..._INSTRUCTIONS_AVAILABLE, see IsProcessorFeaturePresent, by Linux's names.
const std::vector<std::pair<DWORD, std::string>> kInstructionSets = {
    {40, "avx2"}, {41, "avx512f"}, {19, "asimd"}, {43, "asimddp"}, {46, "sve"}};

/// Returns a text of the registry of this machine; empty where there is none.
std::string registered(const char* key, const char* name) {
  char text[256];
  DWORD size = sizeof text;  // with the NUL behind it
  return RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, nullptr, text, &size) == ERROR_SUCCESS
             ? std::string(text, size - 1)
             : "";
}

MEMORYSTATUSEX memory() {
  MEMORYSTATUSEX found{};
  found.dwLength = sizeof found;
  GlobalMemoryStatusEx(&found);
  return found;
}

std::string in_utf8(const wchar_t* text) {
  const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);  // with the NUL
  std::string bytes(static_cast<std::size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes.data(), size, nullptr, nullptr);
  bytes.pop_back();
  return bytes;
}

}  // namespace

System system_here() {
  const auto build = registered(R"(SOFTWARE\Microsoft\Windows NT\CurrentVersion)", "CurrentBuildNumber");
  System here{registered(R"(HARDWARE\DESCRIPTION\System\CentralProcessor\0)", "ProcessorNameString"),
              {},
              std::round(static_cast<double>(memory().ullTotalPhys) / 1e6),
              "Windows " + build};
  for (const auto& [feature, name] : kInstructionSets)
    if (IsProcessorFeaturePresent(feature)) here.instruction_sets.push_back(name);
  return here;
}

std::optional<double> available_memory() { return static_cast<double>(memory().ullAvailPhys); }

std::optional<double> peak_memory_mb() {
  PROCESS_MEMORY_COUNTERS found{};
  if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &found, sizeof found)) return std::nullopt;
  return static_cast<double>(found.PeakWorkingSetSize) / 1e6;
}

void without_lines(const std::string&, const std::function<void()>& work) { work(); }

bool is_terminal() { return _isatty(_fileno(stdout)) != 0; }

void set_environment(const char* name, const char* value) { _putenv_s(name, value); }

std::vector<std::string> arguments_in_utf8(int, char**) {
  SetConsoleOutputCP(CP_UTF8);
  int count = 0;
  wchar_t** words = CommandLineToArgvW(GetCommandLineW(), &count);
  std::vector<std::string> arguments;
  for (int i = 0; i < count; ++i) arguments.push_back(in_utf8(words[i]));
  LocalFree(words);
  return arguments;
}

}  // namespace edgeattn

#endif
