// What a bundle costs on this machine, and whether it answers right there.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "contract.hpp"
#include "kernels.hpp"
#include "model.hpp"
#include "system.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Json or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json machine(const std::string& kernels) {
  const auto here = system_here();
  Json found = {{"cpu", here.cpu},
                {"instruction_sets", here.instruction_sets},
                {"cores", available_cores()},
                {"memory_mb", here.memory_mb ? Json(std::llround(*here.memory_mb)) : Json()},
                {"system", here.name},
                {"versions", {{"edgeattn C++", EDGEATTN_VERSION}, {"onnxruntime", engine_version()}}}};
  if (!kernels.empty()) found["kernels"] = kernels;
  return found;
}

/// Returns the percentile as numpy's does: linear between the two next to it.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

/// Times the golden samples, interleaved: each round begins with the next one.
Json timed(const Model& model, const std::vector<GoldenSample>& samples,
           const BenchOptions& options, std::int64_t threads) {
  const auto count = static_cast<int>(samples.size());
  std::vector<std::vector<double>> times(samples.size());
  for (int round = 0; round < options.warmup + options.rounds; ++round)
    for (int i = 0; i < count; ++i) {
      const auto sample = static_cast<std::size_t>((round + i) % count);
      const auto start = Clock::now();
      model.run(samples[sample].inputs);
      if (round >= options.warmup) times[sample].push_back(milliseconds_since(start));
    }
  auto timings = Json::array();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto& sorted = times[i];
    std::sort(sorted.begin(), sorted.end());
    const auto& main = model.manifest().graphs.at(model.manifest().main_graph());
    timings.push_back({{"sample", i},
                       {"shape", sizes_of(main.inputs, samples[i].inputs)},
                       {"latency_ms",
                        {{"p50", percentile(sorted, 0.5)},
                         {"p90", percentile(sorted, 0.9)},
                         {"p99", percentile(sorted, 0.99)},
                         {"count", sorted.size()}}}});
  }
  return {{"threads", threads}, {"timings", timings}};
}

}  // namespace

std::string bench(const std::string& folder, const BenchOptions& options) {
  if (options.rounds < 1 || options.warmup < 0)
    throw InputError(words(options.rounds, " rounds after ", options.warmup,
                           " of warm-up; expected at least 1 after at least 0"));
  std::vector<std::optional<int>> sweep(options.threads.begin(), options.threads.end());
  if (sweep.empty()) sweep.emplace_back();
  const auto start = Clock::now();
  auto model = load(folder, {options.target, sweep[0], options.kernels});
  const double load_ms = milliseconds_since(start);
  const auto& manifest = model.manifest();
  const auto variants = Inside::of(model).graph()->variants();
  require_golden(Inside::of(model).bundle);
  const auto samples = read_golden(Inside::of(model).bundle).samples;
  auto golden = Json::array(), runs = Json::array();
  auto graphs = Json::object();
  for (const auto& [sample, output, error, max_abs, ok] : model.check())
    golden.push_back({{"sample", sample},
                      {"output", output},
                      {"error", or_null(error)},
                      {"max_abs", or_null(max_abs)},
                      {"ok", ok}});
  for (const auto* variant : variants)
    for (const auto& [graph, file] : variant->files) graphs[file] = manifest.files.at(file).sha256;
  runs.push_back(timed(model, samples, options, settings_here(*variants[0], sweep[0]).threads));
  const auto peak = peak_memory_mb();
  for (std::size_t i = 1; i < sweep.size(); ++i)
    runs.push_back(timed(load(folder, {options.target, sweep[i], options.kernels}), samples, options, *sweep[i]));
  return Json{{"schema", 1},
              {"model", manifest.name},
              {"target", variants[0]->target},
              {"graphs", graphs},
              {"machine", machine(kernels_of(variants[0]->engine).words)},
              {"load_ms", load_ms},
              {"peak_memory_mb", or_null(peak)},
              {"golden", golden},
              {"runs", runs}}
      .dump(2);
}

}  // namespace edgeattn
