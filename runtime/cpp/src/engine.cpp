#include "engine.hpp"

#define ORT_API_MANUAL_INIT  // so that a library too old for its headers is told, and does not crash
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <regex>
#include <thread>

#include "boundary.hpp"
#include "deadline.hpp"
#include "external_weights.hpp"
#include "kernels.hpp"
#include "legible.hpp"
#include "shape.hpp"
#include "system.hpp"
#include "words.hpp"

#ifdef __linux__
#include <sched.h>
#endif

namespace edgeattn {
namespace {

const std::map<std::string, ONNXTensorElementDataType> kTypes = {
    {"bool", ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},     {"int8", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    {"uint8", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},   {"int16", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
    {"uint16", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16}, {"int32", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
    {"uint32", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32}, {"int64", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    {"uint64", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64}, {"float16", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
    {"float32", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT}, {"float64", ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE}};

// What onnxruntime says of a model that is whole, but beyond the installed build.
const std::vector<std::string> kBeyond = {
    "support for models stamped with official released onnx opset versions",
    "Unsupported model IR version",
    "The ORT format model version",
    "is not a registered function/op",
    "No Op registered for",
    "Could not find an implementation for"};

#ifdef _WIN32
constexpr char kNowhere[] = "NUL";
#else
constexpr char kNowhere[] = "/dev/null";
#endif

bool has_any(const std::string& text, const std::vector<std::string>& phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](const auto& phrase) { return text.find(phrase) != std::string::npos; });
}

constexpr std::size_t kRead = 1024;  // bytes of a reason: a graph's names in it may be of any length

/// Returns onnxruntime's own reason without the place in its sources, with the names of a graph made legible.
std::string explained(const Ort::Exception& error) {
  static const std::regex place(
      R"(\S+\.(cc|h):\d+ ([\w:&*<>, ~]*\([^()]*\) )?|^Load model from .*? failed:)");
  return legible(std::regex_replace(shortened(error.what(), kRead), place, ""));
}

void require_engine() {
  if (!OrtGetApiBase()->GetApi(ORT_API_VERSION))
    throw IncompatibleRuntimeError(words("onnxruntime ", engine_version(), " is older than 1.",
                                         ORT_API_VERSION,
                                         ", whose headers this was built with; install that or a newer one"));
  Ort::InitApi();
}

// y = Identity(x): a graph's first node has all operators registered.
constexpr unsigned char kIdentity[] = {
    0x08, 0x08, 0x12, 0x00, 0x3a, 0x2b, 0x0a, 0x10, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x08,
    0x49, 0x64, 0x65, 0x6e, 0x74, 0x69, 0x74, 0x79, 0x12, 0x01, 0x67, 0x5a, 0x09, 0x0a, 0x01, 0x78,
    0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x62, 0x09, 0x0a, 0x01, 0x79, 0x12, 0x04, 0x0a, 0x02, 0x08,
    0x01, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x15};

/// Debian's onnxruntime 1.21 prints a line for each operator of ONNX that it registers twice: not to stderr.
void register_operators(const Ort::Env& env) {
  if (engine_version().rfind("1.21", 0) != 0) return;
  without_lines("Schema error: ", [&] {
    try {
      Ort::Session(env, kIdentity, sizeof(kIdentity), Ort::SessionOptions());
    } catch (const Ort::Exception&) {  // what lacks is told when a graph is opened
    }
  });
}

const Ort::Env& environment() {
  static const Ort::Env& env = []() -> Ort::Env& {
    require_engine();
    set_environment("ORT_DISABLE_TELEMETRY", "1");  // official builds read it when they begin
    auto* made =
        new Ort::Env(ORT_LOGGING_LEVEL_FATAL, "edgeattn");  // never destroyed: sessions may outlive it
    made->DisableTelemetryEvents();
    register_operators(*made);
    return *made;
  }();
  return env;
}

/// Returns the name by which onnxruntime appends a provider, such as XNNPACK.
std::string short_name(const std::string& provider) {
  const auto name = provider.substr(0, provider.rfind("ExecutionProvider"));
  return name == "Xnnpack" ? "XNNPACK" : name;
}

Ort::SessionOptions session_options(const Engine& engine, const SessionSettings& settings) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(static_cast<int>(settings.threads));
  options.SetInterOpNumThreads(1);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);  // errors are thrown anyway
  settings.arena ? options.EnableCpuMemArena() : options.DisableCpuMemArena();
  settings.memory_pattern ? options.EnableMemPattern() : options.DisableMemPattern();
  options.AddConfigEntry("session.intra_op.allow_spinning", settings.spinning ? "1" : "0");
  std::map<std::string, std::unordered_map<std::string, std::string>> by_provider;
  if (std::count(engine.providers.begin(), engine.providers.end(), "XnnpackExecutionProvider"))
    by_provider["XnnpackExecutionProvider"]["intra_op_num_threads"] = std::to_string(settings.threads);
  for (const auto& [name, text] : engine.options) {
    const auto provider = name.substr(0, name.find('.'));
    if (std::count(engine.providers.begin(), engine.providers.end(), provider)) {
      by_provider[provider][name.substr(std::min(name.size(), provider.size() + 1))] = text;
    } else {
      options.AddConfigEntry(name.c_str(), text.c_str());
    }
  }
  for (const auto& provider : engine.providers)
    if (provider != "CPUExecutionProvider")  // which every session has, last
      options.AppendExecutionProvider(short_name(provider), by_provider[provider]);
  if (kernels_of(engine).registered) register_kernels(options);
  return options;
}

/// Opens a file by its path, or from memory: then no file is read.
std::unique_ptr<Ort::Session> opened(const GraphFile& file, Ort::SessionOptions options) {
  if (!file.content) return std::make_unique<Ort::Session>(environment(), file.path.c_str(), options);
  options.AddConfigEntry("session.model_external_initializers_file_folder_path", kNowhere);
  std::vector<std::filesystem::path::string_type> names;
  std::vector<char*> contents;
  std::vector<std::size_t> sizes;
  for (const auto& [name, weights] : file.weights) {
    names.push_back(std::filesystem::u8path(name).native());
    contents.push_back(const_cast<char*>(weights.data()));  // onnxruntime copies it
    sizes.push_back(weights.size());
  }
  if (!names.empty()) options.AddExternalInitializersFromFilesInMemory(names, contents, sizes);
  return std::make_unique<Ort::Session>(environment(), file.content->data(), file.content->size(), options);
}

Ort::Value view(Tensor& tensor) {
  static const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  static std::byte nothing[1];  // of an empty array
  return Ort::Value::CreateTensor(memory, tensor.data.empty() ? nothing : tensor.data.data(),
                                  tensor.data.size(), tensor.dims.data(), tensor.dims.size(),
                                  kTypes.at(tensor.dtype));
}

std::string dtype_name(ONNXTensorElementDataType type) {
  for (const auto& [name, known] : kTypes)
    if (known == type) return name;
  return words("onnx type ", static_cast<int>(type));
}

/// Says why a graph failed on inputs that its contract allows: it is the inputs' fault, or else the graph's.
[[noreturn]] void fail(const std::string& label, const Ort::Exception& error, const Tensors& inputs) {
  static const std::regex beyond(R"(idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\])");
  const auto reason = explained(error);
  std::smatch found;
  if (std::regex_search(reason, found, beyond)) {
    std::string holder = "index";  // such as a position, which follows from how long an input is
    for (const auto& [name, array] : inputs)
      if (array.dtype.find("int") != std::string::npos)
        for (const auto number : doubles(array))
          if (number == std::stod(found[1])) holder = quoted(name) + " holds";
    throw InputError(words(label, ": ", holder, " ", found[1].str(), ", out of range for a lookup table of ",
                           std::stoll(found[2]) + 1, " rows; give 0 to ", found[2].str(),
                           ", or shorter inputs"));
  }
  const auto lack = lacking(reason);
  if (lack == "memory")
    throw InputError(words(label, ": the inputs need more memory than there is (", reason,
                           "); give shorter ones, or fewer at a time"));
  if (!lack.empty()) throw shortage(label, lack, reason);
  throw BundleError(words(label, ": fails on inputs that its contract allows (", reason, "); export again"));
}

/// Returns what a session takes or gives, as the manifest would say it, and what the manifest says.
std::pair<std::string, std::string> compared(Ort::Session& session, const std::vector<TensorSpec>& tensors,
                                             bool inputs) {
  std::map<std::string, std::string> found, expected;
  Ort::AllocatorWithDefaultOptions allocator;
  for (std::size_t i = 0; i < (inputs ? session.GetInputCount() : session.GetOutputCount()); ++i) {
    const auto name =
        inputs ? session.GetInputNameAllocated(i, allocator) : session.GetOutputNameAllocated(i, allocator);
    const auto type = inputs ? session.GetInputTypeInfo(i) : session.GetOutputTypeInfo(i);
    found[name.get()] = type.GetONNXType() == ONNX_TYPE_TENSOR
                            ? dtype_name(type.GetTensorTypeAndShapeInfo().GetElementType())
                            : "no tensor";
  }
  for (const auto& tensor : tensors) expected[tensor.name] = tensor.dtype;
  const auto word = [](const auto& pair) { return pair.first + ": " + pair.second; };
  return {listed(found, word), listed(expected, word)};
}

}  // namespace

std::string engine_version() { return OrtGetApiBase()->GetVersionString(); }

std::vector<std::string> available_providers() {
  environment();
  return Ort::GetAvailableProviders();
}

std::int64_t available_cores() {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

GraphSession::GraphSession(const GraphSpec& graph, const GraphFile& file, const Engine& engine,
                           const SessionSettings& settings)
    : graph_(graph), label_(file.path.u8string()) {
  EndedCall::check_current(label_);
  check_external_weights(file, label_);
  try {
    session_ = opened(file, session_options(engine, settings));
  } catch (const Ort::Exception& error) {
    const auto reason = explained(error);
    if (has_any(reason, kBeyond))
      throw IncompatibleRuntimeError(words(label_, ": beyond the installed onnxruntime ", engine_version(),
                                           " (", reason, "); upgrade onnxruntime"));
    if (const auto lack = lacking(reason); !lack.empty()) throw shortage(label_, lack, reason);
    throw BundleError(words(label_, ": onnxruntime ", engine_version(), " cannot load it (", reason,
                            "); export the model again"));
  }
  for (const bool inputs : {true, false})
    if (const auto [found, expected] = compared(*session_, inputs ? graph.inputs : graph.outputs, inputs);
        found != expected)
      throw BundleError(words(label_, inputs ? ": inputs " : ": outputs ", found, " found, ", expected,
                              " expected by the manifest; export again"));
}

GraphSession::GraphSession(GraphSession&&) noexcept = default;
GraphSession::~GraphSession() = default;

Tensors GraphSession::run(const Tensors& inputs) const {
  std::vector<const char*> names, asked;
  std::vector<Ort::Value> fed;
  for (const auto& tensor : graph_.inputs) {
    names.push_back(tensor.name.c_str());
    fed.push_back(view(const_cast<Tensor&>(inputs.at(tensor.name))));  // onnxruntime only reads it
  }
  for (const auto& tensor : graph_.outputs) asked.push_back(tensor.name.c_str());
  const EndedCall call(label_);
  try {
    const auto values =
        session_->Run(call.options(), names.data(), fed.data(), fed.size(), asked.data(), asked.size());
    Tensors outputs;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto& dtype = graph_.outputs[i].dtype;
      auto dims = values[i].GetTensorTypeAndShapeInfo().GetShape();
      const auto* data = static_cast<const std::byte*>(values[i].GetTensorRawData());
      outputs.emplace(asked[i], Tensor{dtype, dims, {data, data + byte_count(dtype, dims).value()}});
    }
    return outputs;
  } catch (const Ort::Exception& error) {
    call.check();
    fail(label_, error, inputs);
  }
}

void GraphSession::run_in_place(const std::map<std::string, Tensor*>& inputs,
                                const std::map<std::string, Tensor*>& outputs) const {
  std::vector<const char*> names, asked;
  std::vector<Ort::Value> fed, written;
  for (const auto& [name, tensor] : inputs) {
    names.push_back(name.c_str());
    fed.push_back(view(*tensor));
  }
  for (const auto& [name, tensor] : outputs) {
    asked.push_back(name.c_str());
    written.push_back(view(*tensor));
  }
  const EndedCall call(label_);
  try {
    session_->Run(call.options(), names.data(), fed.data(), fed.size(), asked.data(), written.data(),
                  written.size());
  } catch (const Ort::Exception& error) {
    call.check();
    Tensors copies;
    for (const auto& [name, tensor] : inputs) copies.emplace(name, *tensor);
    fail(label_, error, copies);
  }
}

}  // namespace edgeattn
