// Which of a bundle's variants this device can run.
#include <algorithm>

#include "graph.hpp"
#include "system.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

/// Returns the numbers of a version such as 1.23.0, without zeros at its end.
std::vector<unsigned long> release(const std::string& version) {
  std::vector<unsigned long> numbers;
  for (std::istringstream in(version); in && std::isdigit(in.peek()); in.get()) in >> numbers.emplace_back();
  while (!numbers.empty() && numbers.back() == 0) numbers.pop_back();
  return numbers;
}

// The first release whose int8 products of 16 rows or more are right on AMX.
constexpr char kRightOnAmx[] = "1.25";

/// Says whether this CPU multiplies int8 by AMX.
bool has_amx() {
  const auto sets = system_here().instruction_sets;
  return std::count(sets.begin(), sets.end(), "amx_int8") > 0;
}

/// Says what keeps a variant from running here; nothing where it runs.
std::string lacking(const Variant& variant, const Manifest& manifest) {
  const auto& engine = variant.engine;
  const auto installed = engine_version();
  if (engine.name != "onnxruntime")
    return words("needs ", engine.name, " ", engine.version, ", and this runtime drives onnxruntime");
  if (is_older(installed, engine.version))
    return words("needs onnxruntime ", engine.version, " or newer, and ", installed, " is installed");
  if (engine.providers == std::vector<std::string>{"CPUExecutionProvider"} &&
      is_older(installed, kRightOnAmx) && has_amx())
    return words("needs onnxruntime ", kRightOnAmx, " or newer on a CPU with amx_int8, and ", installed,
                 ", which multiplies int8 wrongly there, is installed");
  const auto available = available_providers();
  for (const auto& provider : engine.providers)
    if (!std::count(available.begin(), available.end(), provider))
      return words("needs ", provider, ", and onnxruntime ", installed, " here has ", listed(available));
  if (manifest.generation && !variant.sizes.empty())
    return words("fixes ", written(variant.sizes), ", and this runtime generates in dynamic sizes alone");
  return "";
}

}  // namespace

bool is_older(const std::string& installed, const std::string& wanted) {
  return release(installed) < release(wanted);
}

std::vector<const Variant*> runnable(const Manifest& manifest, const std::string& target) {
  std::vector<const Variant*> found;
  std::vector<std::string> targets, needs;
  for (const auto& variant : manifest.variants) {
    targets.push_back(variant.target);
    if (!target.empty() && variant.target != target) continue;
    const auto reason = lacking(variant, manifest);
    if (reason.empty()) found.push_back(&variant);
    needs.push_back(variant.target + " " + reason);
  }
  if (needs.empty())
    throw InputError(words(manifest.name, ": no target ", quoted(target), "; it has ", listed(targets)));
  if (found.empty())
    throw IncompatibleRuntimeError(words(manifest.name, ": no variant runs here: ", listed(needs),
                                         "; install what one of them needs, or export for this device"));
  return found;
}

SessionSettings settings_here(const Variant& variant, std::optional<int> threads) {
  if (threads && *threads < 1) throw InputError(words(*threads, " threads; expected at least 1"));
  auto settings = variant.session.value_or(SessionSettings{});
  settings.threads = threads ? *threads : std::min(settings.threads, available_cores());
  return settings;
}

}  // namespace edgeattn
