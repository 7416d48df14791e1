// What the operating system tells: of the machine, and of this process.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace edgeattn {

/// The machine; empty, or none, where the system does not tell.
struct System {
  std::string cpu;                            // its name, or its architecture
  std::vector<std::string> instruction_sets;  // those that decide which int8 kernels run
  std::optional<double> memory_mb;
  std::string name;  // such as Linux 6.1
};

System system_here();

/// Returns the memory to be had in bytes, where the system tells it.
std::optional<double> available_memory();

/// Returns the most memory that this process has had, in MB, where the system tells it.
std::optional<double> peak_memory_mb();

/// Does work that writes lines with these words to the standard error, without them. What others write
/// meanwhile stays, and comes afterwards. Not on Windows.
void without_lines(const std::string& words, const std::function<void()>& work);

/// Says whether the standard output is a terminal.
bool is_terminal();

/// Sets a variable of this process's environment.
void set_environment(const char* name, const char* value);

/// Returns the words of the command line, its program first, and has the console read UTF-8.
std::vector<std::string> arguments_in_utf8(int count, char** words);

}  // namespace edgeattn
