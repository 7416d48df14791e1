#include "kernels.hpp"

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <cstdlib>

#include "words.hpp"

#if EDGEATTN_KERNELS
#include <edgeattn_kernels.h>
#endif

namespace edgeattn {
namespace {

constexpr char kOption[] = "edgeattn.kernels";  // of an engine: the version of its graphs' nodes
constexpr char kOff[] = "0";

KernelUse stock(const std::string& reason) { return {false, "without kernels: " + reason}; }

}  // namespace

void without_kernels(Manifest& manifest) {
  for (auto& variant : manifest.variants)
    if (const auto option = variant.engine.options.find(kOption); option != variant.engine.options.end())
      option->second = kOff;
}

#if EDGEATTN_KERNELS

KernelUse kernels_of(const Engine& engine) {
  const auto option = engine.options.find(kOption);
  if (option == engine.options.end()) return {};
  if (option->second == kOff) return stock("turned off");
  const char* const environment = std::getenv("EDGEATTN_KERNELS");
  const std::string choice = environment ? environment : "auto";
  if (choice == "never") return stock("turned off by EDGEATTN_KERNELS");
  if (engine.providers != std::vector<std::string>{"CPUExecutionProvider"})
    return stock("they belong to CPUExecutionProvider alone");
  const std::string version = edgeattn_kernels_version(), set = edgeattn_kernels_instruction_set();
  if (const auto nodes = std::to_string(edgeattn_kernels_domain_version()); nodes != option->second)
    return stock(words("the bundle's are of version ", option->second, ", this build has ", nodes));
  if (set.find(" with dot products") == std::string::npos && choice != "always")
    return stock(words("this CPU has no dot products of int8 (", set, ")"));
  return {true, words("kernels ", version, " (", set, ")")};
}

void register_kernels(OrtSessionOptions* options) {
  Ort::ThrowOnError(RegisterCustomOps(options, OrtGetApiBase()));
}

#else

KernelUse kernels_of(const Engine& engine) {
  const auto option = engine.options.find(kOption);
  if (option == engine.options.end()) return {};
  return stock(option->second == kOff ? "turned off" : "this build has none");
}

void register_kernels(OrtSessionOptions* /*options*/) {}

#endif

}  // namespace edgeattn
