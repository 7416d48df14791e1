// edgeattn-run: describes, runs, checks, times a bundle, or generates with it, from a shell.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "bundle.hpp"
#include "edgeattn_export.h"
#include "kernels.hpp"
#include "legible.hpp"
#include "model.hpp"
#include "printing.hpp"
#include "safetensors.hpp"
#include "system.hpp"
#include "words.hpp"

namespace {

using namespace edgeattn;

constexpr char kUsage[] = R"(edgeattn-run describe NAME.edge
edgeattn-run run NAME.edge INPUT [-o Y.safetensors] [--raw]         prints the answer, or how the outputs begin, or writes them
edgeattn-run check NAME.edge                                        replays the golden vectors; exit code 1 where one fails
edgeattn-run bench NAME.edge [--rounds 100] [--json]                --threads 1,2 times each
edgeattn-run generate NAME.edge --tokens 5,2,9 | INPUT [--start 0] [--stop 2] [--max-new-tokens N]
    [--temperature 0.8] [--top-k 40] [--top-p 0.9] [--seed 1]
edgeattn-run install NEW.edge --over OLD.edge                       proves it here, then puts it there
edgeattn-run --version
INPUT is --input X.safetensors, a tensor per input; or --text TEXT [--pair TEXT] [--prompt NAME], --image FILE (PNG, JPEG), --audio FILE.wav, --series FILE.csv
All but bench take --threads N and --trusted-keys K,L (in hex), and all take --target NAME and --no-kernels.
)";

using Arguments = std::map<std::string, std::string>;  // by option; "verb" and "bundle" besides

Arguments parse(const std::vector<std::string>& all) {
  const std::set<std::string> known = {"--input", "--text", "--pair", "--prompt", "--image",          "--audio",       "--series", "-o",
                                       "--rounds", "--threads",        "--target",      "--tokens", "--start",
                                       "--stop",   "--max-new-tokens", "--temperature", "--top-k",  "--top-p",
                                       "--seed",   "--over",           "--trusted-keys"};
  Arguments arguments;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const auto& word = all[i];
    if (word == "--json" || word == "--no-kernels" || word == "--raw") {
      arguments[word] = "1";
    } else if (known.count(word) && i + 1 < all.size()) {
      arguments[word] = all[++i];
    } else if (word[0] != '-' && !arguments.count("bundle")) {
      arguments[arguments.count("verb") ? "bundle" : "verb"] = word;
    } else {
      throw InputError(words(word, ": not understood; see edgeattn-run --help"));
    }
  }
  if (!arguments.count("bundle")) throw InputError("a verb and a bundle expected; see edgeattn-run --help");
  return arguments;
}

template <class Number>
Number number(const std::string& text) {
  std::istringstream in(text);
  Number value{};
  if (!(in >> value) || !in.eof()) throw InputError(words(quoted(text), " found, a number expected"));
  return value;
}

std::string given(const Arguments& arguments, const std::string& name) {
  return arguments.count(name) ? arguments.at(name) : "";
}

template <class Number>
std::optional<Number> optional(const Arguments& arguments, const std::string& name) {
  if (!arguments.count(name)) return std::nullopt;
  return number<Number>(arguments.at(name));
}

std::vector<std::string> parts(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) found.push_back(part);
  return found;
}

template <class Number>
std::vector<Number> numbers(const std::string& text) {
  std::vector<Number> values;
  for (const auto& part : parts(text)) values.push_back(number<Number>(part));
  return values;
}

LoadOptions load_options(const Arguments& arguments) {
  LoadOptions options;
  options.target = given(arguments, "--target");
  options.threads = optional<int>(arguments, "--threads");
  options.kernels = !arguments.count("--no-kernels");
  if (arguments.count("--trusted-keys")) options.trusted_keys = parts(arguments.at("--trusted-keys"));
  return options;
}

Tensors read_tensors(const std::string& path) {
  try {
    return parse_safetensors(read_bytes(std::filesystem::u8path(path)));
  } catch (const EdgeAttnError& error) {
    throw InputError(words(path, ": no safetensors file (", error.what(), ")"));
  }
}

std::vector<std::string> series_names(const Model& model) {
  const auto& processing = model.manifest().processing;
  return processing && processing->series ? processing->series->names : std::vector<std::string>{};
}

Tensors prepare_text(const Model& model, const Arguments& arguments) {
  std::size_t cut = 0;
  TextOptions options;
  if (arguments.count("--pair")) options.pairs = {arguments.at("--pair")};
  if (arguments.count("--prompt")) options.prompt = arguments.at("--prompt");
  auto inputs = model.prepare(std::vector{arguments.at("--text")}, options, &cut);
  if (cut) std::cerr << "text: cut at its end to the tokens that the bundle takes\n";
  return inputs;
}

/// Returns the inputs of a call, of the one text or file that is given.
Tensors read_inputs(const Model& model, const Arguments& arguments) {
  std::optional<Tensors> inputs;
  const auto read = [&](const std::string& option, const auto& prepare) {
    if (!arguments.count(option)) return;
    if (inputs) throw InputError("two inputs found, one expected; see edgeattn-run --help");
    inputs = prepare(arguments.at(option));
  };
  read("--input", read_tensors);
  read("--text", [&](const std::string&) { return prepare_text(model, arguments); });
  read("--image", [&](const std::string& file) { return model.prepare(std::vector{read_image(file)}); });
  read("--audio", [&](const std::string& file) { return model.prepare(std::vector{read_wav(file)}); });
  read("--series", [&](const std::string& file) {
    return model.prepare(std::vector{read_csv(file, series_names(model))});
  });
  if (!arguments.count("--text") && (arguments.count("--pair") || arguments.count("--prompt")))
    throw InputError("--pair or --prompt: found without a text; give --text TEXT");
  if (!inputs) throw InputError("no input found; give --input, --text, --image, --audio or --series FILE");
  return *inputs;
}

/// Returns what is read beside the outputs to make predictions of them: the texts, or the size of the image.
PredictionSource source_of(const Model& model, const Arguments& arguments) {
  const auto& processing = model.manifest().processing;
  PredictionSource source;
  if (arguments.count("--text")) source.texts = {arguments.at("--text")};
  if (arguments.count("--pair")) source.pairs = {arguments.at("--pair")};
  if (arguments.count("--image") && processing && processing->prediction &&
      std::holds_alternative<Objects>(*processing->prediction)) {
    const auto image = read_image(arguments.at("--image"));
    source.sizes.push_back({image.width, image.height});
  }
  return source;
}

void run(const Model& model, const Arguments& arguments) {
  const auto outputs = model.run(read_inputs(model, arguments));
  if (!arguments.count("-o")) {
    const auto text =
        arguments.count("--raw") ? raw_text(outputs) : answer_text(model, outputs, source_of(model, arguments));
    return void(std::fputs(text.c_str(), stdout));
  }
  const auto bytes = write_safetensors(outputs);
  const auto file = std::filesystem::u8path(arguments.at("-o"));
  std::error_code none;  // where a folder cannot be made, the file cannot be written
  std::filesystem::create_directories(file.parent_path(), none);
  std::ofstream out(file, std::ios::binary);
  if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
    throw InputError(words(arguments.at("-o"), ": cannot be written"));
}

/// Says which way the sessions of the main graph go; empty where it has no nodes for kernels.
std::string kernels_in_words(const Model& model) {
  return kernels_of(Inside::of(model).runnable.front()->engine).words;
}

/// Prints how near the golden outputs came; says whether all were near enough.
bool print(const std::vector<GoldenResult>& results) {
  bool all = true;
  std::puts("sample  error     max|d|   output");
  for (const auto& [sample, output, error, max_abs, ok] : results) {
    std::printf("%6d  %8.6f  %7.4f  %s  %s\n", static_cast<int>(sample), error.value_or(NAN),
                max_abs.value_or(NAN), output.c_str(), ok ? "ok" : "FAILED");
    all = all && ok;
  }
  return all;
}

int check(const Model& model) {
  require_golden(Inside::of(model).bundle);
  if (const auto words = kernels_in_words(model); !words.empty()) std::puts(words.c_str());
  const bool ok = print(model.check());
  std::puts("errors in units of each channel's spread; allowed:");
  for (const auto& [output, error] : Inside::of(model).runnable.front()->tolerance)
    std::printf("%s %g\n", output.c_str(), error);
  return ok ? 0 : 1;
}

void install(const Arguments& arguments) {
  if (!arguments.count("--over")) throw InputError("install: --over OLD.edge expected");
  print(edgeattn::install(arguments.at("bundle"), arguments.at("--over"), load_options(arguments)));
}

void bench(const Arguments& arguments) {
  BenchOptions options{given(arguments, "--target"), numbers<int>(given(arguments, "--threads"))};
  options.rounds = optional<int>(arguments, "--rounds").value_or(options.rounds);
  options.kernels = !arguments.count("--no-kernels");
  const auto json = edgeattn::bench(arguments.at("bundle"), options);
  if (arguments.count("--json")) return void(std::puts(json.c_str()));
  const auto result = nlohmann::json::parse(json);
  std::cout << result["model"] << " for " << result["target"] << ": loaded in " << result["load_ms"]
            << " ms, " << result["peak_memory_mb"] << " MB at the peak\n"
            << result["machine"]["cpu"] << "\n";
  if (result["machine"].count("kernels"))
    std::cout << result["machine"]["kernels"].get<std::string>() << "\n";
  std::cout << "threads  sample   p50 ms   p90 ms   p99 ms  shape\n";
  for (const auto& run : result["runs"])
    for (const auto& timing : run["timings"]) {
      const auto& ms = timing["latency_ms"];
      std::printf("%7d  %6d %8.3f %8.3f %8.3f  %s\n", run["threads"].get<int>(), timing["sample"].get<int>(),
                  ms["p50"].get<double>(), ms["p90"].get<double>(), ms["p99"].get<double>(),
                  timing["shape"].dump().c_str());
    }
}

/// Continues a text, or answers one, and prints the new text as it comes.
void write(const Model& model, const Arguments& arguments, GenerateOptions options) {
  TextStream pieces(model);
  const auto shown = [terminal = is_terminal()](const std::string& piece) { return terminal ? legible(piece) : piece; };
  options.on_token = [&](std::int64_t token) {
    return static_cast<bool>(std::cout << shown(pieces.push(token)) << std::flush);
  };
  const auto& names = model.manifest().generation;
  names && names->encoder ? model.generate(prepare_text(model, arguments), options)
                          : model.generate(model.tokens_of(arguments.at("--text")), options);
  std::cout << shown(pieces.finish()) << std::endl;
}

void generate(const Model& model, const Arguments& arguments) {
  GenerateOptions options;
  if (arguments.count("--start")) options.start = numbers<std::int64_t>(arguments.at("--start"));
  if (arguments.count("--stop")) options.stop = numbers<std::int64_t>(arguments.at("--stop"));
  options.max_new_tokens = optional<std::int64_t>(arguments, "--max-new-tokens");
  options.temperature = optional<double>(arguments, "--temperature");
  options.top_k = optional<std::int64_t>(arguments, "--top-k");
  options.top_p = optional<double>(arguments, "--top-p");
  options.seed = optional<std::uint64_t>(arguments, "--seed");
  if (arguments.count("--text")) return write(model, arguments, options);
  options.on_token = [](std::int64_t token) { return static_cast<bool>(std::cout << token << std::endl); };
  if (arguments.count("--tokens")) {
    model.generate(numbers<std::int64_t>(given(arguments, "--tokens")), options);
  } else {
    model.generate(read_inputs(model, arguments), options);
  }
}

int command(const Arguments& arguments) {
  const auto& verb = arguments.at("verb");
  if (verb == "bench") return bench(arguments), 0;
  if (verb == "install") return install(arguments), 0;
  if (verb != "describe" && verb != "run" && verb != "check" && verb != "generate")
    throw InputError(words(verb, ": no verb; see edgeattn-run --help"));
  const auto model = load(arguments.at("bundle"), load_options(arguments));
  if (verb == "check") return check(model);
  if (verb == "run") run(model, arguments);
  if (verb == "generate") generate(model, arguments);
  if (verb == "describe") std::cout << model.describe();
  return 0;
}

}  // namespace

int main(int count, char** words_) try {
  const auto all = arguments_in_utf8(count, words_);
  if (all.size() > 1 && all[1] == "--help") return std::fputs(kUsage, stdout), 0;
  if (all.size() > 1 && all[1] == "--version") return std::puts("edgeattn-run " EDGEATTN_VERSION), 0;
  return command(parse(all));
} catch (const std::exception& error) {
  std::cerr << "edgeattn-run: " << legible(error.what()) << "\n";
  return 2;
}
