// Runs every case of runtime/conformance, and prints a JSON object a line: what agrees with cases.json, and
// what not.
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bundle.hpp"
#include "shape.hpp"
#include "streaming.hpp"
#include "text/unicode.hpp"

namespace {

using namespace edgeattn;
using Json = nlohmann::json;

std::string folder;

/// What a case came to: "accepted", "answered" or an error's name, and how near its numbers are.
struct Found {
  std::string name;
  std::optional<double> max_abs = {}, error = {};
  bool right = true;  // what was answered is what was expected
};

template <class Number>
Tensor tensor_of(const Json& tensor) {
  std::vector<Number> numbers;
  for (const auto& number : tensor["data"])
    numbers.push_back(number.is_string()    ? static_cast<Number>(NAN)
                      : number.is_boolean() ? static_cast<Number>(number.get<bool>())
                                            : number.get<Number>());
  return Tensor::of(tensor["shape"], numbers);
}

Tensor parse(const Json& tensor) {
  const std::string dtype = tensor["dtype"];
  if (dtype == "bool") {
    auto flags = tensor_of<std::uint8_t>(tensor);
    flags.dtype = dtype;
    return flags;
  }
  const std::map<std::string, Tensor (*)(const Json&)> readers = {{"int8", tensor_of<std::int8_t>},
                                                                  {"int64", tensor_of<std::int64_t>},
                                                                  {"int32", tensor_of<std::int32_t>},
                                                                  {"float32", tensor_of<float>},
                                                                  {"float64", tensor_of<double>}};
  return readers.at(dtype)(tensor);
}

Tensors parse_all(const Json& tensors) {
  Tensors arrays;
  for (const auto& [name, tensor] : tensors.items()) arrays[name] = parse(tensor);
  return arrays;
}

/// Compares an answer; the tolerance is the largest difference of two numbers.
void compare(Found& found, const Tensor& answer, const Tensor& expected, double tolerance) {
  found.right = found.right && answer.dtype == expected.dtype && answer.dims == expected.dims;
  if (!found.right) return;
  double largest = 0;
  const auto a = doubles(answer), b = doubles(expected);
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  found.max_abs = std::max(found.max_abs.value_or(0), largest);
  found.right = largest <= tolerance;
}

Model loaded(const Json& one) {
  LoadOptions options;
  if (one.contains("trusted_keys")) options.trusted_keys = one["trusted_keys"].get<std::vector<std::string>>();
  return load(folder + "/" + one["bundle"].get<std::string>(), options);
}

Found open(const Json& one) {
  const auto model = loaded(one);
  for (const auto& [name, graph] : model.manifest().graphs) model.open(name);
  Found found{"accepted"};
  auto golden = Json::array();
  for (const auto& result : model.check()) {
    if (!result.ok) found.name = "golden-fails";
    if (result.max_abs) found.max_abs = std::max(found.max_abs.value_or(0), *result.max_abs);
    if (result.error) found.error = std::max(found.error.value_or(0), *result.error);
    golden.push_back({result.sample, result.output, result.error ? Json(*result.error) : Json(), result.ok});
  }
  found.right = !one.contains("golden") || golden == one["golden"];
  return found;
}

Found call(const Model& model, const Json& call) {
  const auto outputs = model.run(parse_all(call["inputs"]), call.value("graph", ""));
  Found found{"answered"};
  if (call.contains("error")) return found;
  const auto expected = parse_all(call["outputs"]);
  found.right = outputs.size() == expected.size();
  for (const auto& [name, tensor] : expected) compare(found, outputs.at(name), tensor, call["tolerance"]);
  return found;
}

template <class Value>
void read(const Json& settings, const char* name, Value& setting) {
  if (settings.contains(name) && !settings[name].is_null()) setting = settings[name].get<Value>();
}

template <class Value>
void read(const Json& settings, const char* name, std::optional<Value>& setting) {
  if (settings.contains(name) && !settings[name].is_null()) setting = settings[name].get<Value>();
}

Found generate(const Model& model, const Json& run) {
  GenerateOptions options;
  read(run, "start", options.start);
  read(run, "max_new_tokens", options.max_new_tokens);
  Prompt prompt = parse_all(run.value("sources", Json::object()));
  if (run.contains("prompt")) prompt = run["prompt"].get<std::vector<std::int64_t>>();
  const auto tokens = model.generate(prompt, options);
  return {
      "answered", {}, {}, run.contains("error") || tokens == run["tokens"].get<std::vector<std::int64_t>>()};
}

/// An EarlyStopping, which is no value of JSON's.
void read(const Json& settings, const char* name, std::optional<EarlyStopping>& setting) {
  if (!settings.contains(name)) return;
  const auto& word = settings[name];
  if (word.is_string() && word != "never") throw InputError("an EarlyStopping is yes, no or never");
  setting = word.is_string() ? EarlyStopping::never : word.get<bool>() ? EarlyStopping::yes : EarlyStopping::no;
}

GenerateOptions options_of(const Json& run) {
  const auto settings = run.value("settings", Json::object());
  GenerateOptions options;
  read(run, "start", options.start);
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) read(settings, #name, options.name);
#define EDGEATTN_CALLERS EDGEATTN_BUNDLED
#include "edgeattn_options.inc"
  return options;
}

bool is_near(const std::vector<Hypothesis>& found, const Json& expected) {
  constexpr double score = 1e-4;
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](const Hypothesis& one, const Json& other) {
                      return one.tokens == other[0].get<std::vector<std::int64_t>>() &&
                             std::abs(one.score - other[1].get<double>()) <= score;
                    });
}

/// Continues the turns of one text in a session; after a turn that is refused, by an InputError, the next goes on.
Found session(const Model& model, const Json& entry) {
  GenerationSession kept(model);
  Found found{"answered"};
  for (const auto& turn : entry["turns"]) try {
      GenerateOptions options;
      options.session = &kept;
      read(turn, "max_new_tokens", options.max_new_tokens);
      const auto tokens = model.generate(turn["prompt"].get<std::vector<std::int64_t>>(), options);
      found.right = found.right && Json(tokens) == turn.value("tokens", Json());
    } catch (const InputError&) {
      found.right = found.right && turn.contains("error");
    }
  return found;
}

Found generate_many(const Model& model, const Json& run) {
  std::vector<Prompt> prompts;
  if (run.contains("sources")) prompts.emplace_back(parse_all(run["sources"]));
  for (const auto& prompt : run.value("prompts", Json::array()))
    prompts.emplace_back(prompt.get<std::vector<std::int64_t>>());
  const auto answers = model.generate_many(prompts, options_of(run));
  if (run.contains("error")) return {"answered"};
  const auto& expected = run["sequences"];
  return {"answered",
          {},
          {},
          std::equal(answers.begin(), answers.end(), expected.begin(), expected.end(), is_near)};
}

Image image_of(const Json& raw) {
  const std::vector<std::int64_t> dims = raw["dims"];
  if (dims.size() < 2 || dims.size() > 3) throw InputError("an Image has a height, a width and channels");
  Image image{dims[0], dims[1], dims.size() > 2 ? dims[2] : 1, {}};
  const std::string hex = raw["pixels"];
  for (std::size_t i = 0; i < hex.size(); i += 2)
    image.pixels.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return image;
}

Sound sound_of(const Json& raw) {
  Sound sound{raw["rate"], static_cast<std::int64_t>(raw["channels"].size()), {}};
  for (const auto& channel : raw["channels"]) {
    if (channel.size() != raw["channels"][0].size()) throw InputError("a Sound has channels of one length");
    for (const auto& sample : channel) sound.samples.push_back(sample.get<float>());
  }
  return sound;
}

/// Returns numbers row by row; null is a missing one.
template <class Number>
std::vector<Number> flat(const Json& rows) {
  std::vector<Number> numbers;
  for (const auto& row : rows)
    for (const auto& number : row)
      numbers.push_back(number.is_null() ? static_cast<Number>(NAN) : number.get<Number>());
  return numbers;
}

Series series_of(const Json& raw) {
  return {static_cast<std::int64_t>(raw["values"].size()), flat<double>(raw["values"])};
}

/// Makes inputs of a batch; each of it is raw, or a file.
template <class Read, class ReadFile>
Tensors prepared(const Model& model, const Json& batch, Read read, ReadFile read_file) {
  std::vector<decltype(read(batch))> items;
  for (const auto& raw : batch)
    items.push_back(raw.contains("file") ? read_file(folder + "/" + raw["file"].get<std::string>())
                                         : read(raw));
  return model.prepare(items);
}

/// Returns a text; units that are no valid UTF-16 become bytes that are no valid UTF-8.
std::string text_of(const Json& raw) {
  if (raw.is_string()) return raw;
  std::string bytes;
  for (const auto& unit : raw["utf16"].get<std::vector<std::uint32_t>>()) text::append(bytes, unit);
  return bytes;
}

/// Prepares a batch of texts, and compares its token ids, unpadded, with what is expected of it.
bool is_right(const Model& model, const Json& batch, const Json& expected) {
  std::vector<std::string> texts;
  for (const auto& raw : batch) texts.push_back(text_of(raw));
  const auto inputs = model.prepare(texts);
  const auto& how = *model.manifest().processing->text;
  const auto& ids = inputs.at(how.ids);
  const auto numbers = doubles(ids), shown = how.mask ? doubles(inputs.at(*how.mask)) : std::vector<double>(numbers.size(), 1);
  auto rows = Json::array();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i % static_cast<std::size_t>(ids.dims[1]) == 0) rows.push_back(Json::array());
    if (shown[i] == 1) rows.back().push_back(static_cast<std::int64_t>(numbers[i]));
    else if (numbers[i] != 0) return false;
  }
  return rows == expected;
}

/// Prepares a list of texts, each or, in a list, together. A refusal is an InputError.
Found prepare_texts(const Model& model, const Json& entry) {
  const auto given = Json::parse(read_bytes(folder + "/" + entry["given"].get<std::string>()));
  const auto expected = Json::parse(read_bytes(folder + "/" + entry["expected"].get<std::string>()));
  Found found{"answered"};
  for (std::size_t i = 0; i < given.size(); ++i) try {
      const bool together = given[i].is_array();
      const auto right = is_right(model, together ? given[i] : Json::array({given[i]}),
                                  together ? expected[i] : Json::array({expected[i]}));
      found.right = found.right && right;
    } catch (const InputError&) {
      found.right = found.right && expected[i].is_null();
    }
  return found;
}

/// Returns numbers of every row, filled up with zeros to the longest.
std::vector<double> padded(const Json& rows, const std::string& key) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row[key].size());
  std::vector<double> all;
  for (const auto& row : rows) {
    for (const auto& number : row[key]) all.push_back(number.get<double>());
    all.resize(all.size() + longest - row[key].size());
  }
  return all;
}

/// Prepares a batch of pairs, or of texts with a prompt, and compares token ids and type ids.
bool is_right_pair(const Model& model, const Json& batch, const Json& expected) {
  std::vector<std::string> texts;
  TextOptions options;
  for (const auto& row : batch) {
    texts.push_back(row["text"]);
    if (row.contains("pair")) options.pairs.push_back(row["pair"]);
    if (row.contains("prompt")) options.prompt = row["prompt"].get<std::string>();
  }
  const auto inputs = model.prepare(texts, options);
  const auto& how = *model.manifest().processing->text;
  return !expected.is_null() && doubles(inputs.at(how.ids)) == padded(expected, "ids") &&
         doubles(inputs.at(*how.types)) == padded(expected, "types");
}

/// Likewise pairs of texts.
Found prepare_pairs(const Model& model, const Json& entry) {
  const auto given = Json::parse(read_bytes(folder + "/" + entry["given"].get<std::string>()));
  const auto expected = Json::parse(read_bytes(folder + "/" + entry["expected"].get<std::string>()));
  Found found{"answered"};
  for (std::size_t i = 0; i < given.size(); ++i) try {
      const bool one = given[i].is_object() && !expected[i].is_null();
      const auto right = is_right_pair(model, given[i].is_object() ? Json::array({given[i]}) : given[i],
                                       one ? Json::array({expected[i]}) : expected[i]);
      found.right = found.right && right;
    } catch (const InputError&) {
      found.right = found.right && expected[i].is_null();
    }
  return found;
}

Found decode(const Model& model, const Json& entry) {
  const auto tokens = entry["tokens"].get<std::vector<std::int64_t>>();
  const auto text = model.decode(tokens);
  TextStream pieces(model);
  std::string streamed;
  for (const auto token : tokens) streamed += pieces.push(token);
  streamed += pieces.finish();
  return {"answered", {}, {}, entry.contains("error") || (text == entry["text"] && streamed == text)};
}

Tensors prepared(const Model& model, const std::string& kind, const Json& batch) {
  if (kind == "image") return prepared(model, batch, image_of, read_image);
  if (kind == "audio") return prepared(model, batch, sound_of, read_wav);
  return prepared(model, batch, series_of, [&](const std::string& path) {
    return read_csv(path, model.manifest().processing->series->names);
  });
}

/// Prepares a list of raw inputs, each or, in a list, together. A refusal is an InputError.
Found prepare(const Model& model, const Json& entry) {
  if (entry["of"] == "text") return prepare_texts(model, entry);
  if (entry["of"] == "pair") return prepare_pairs(model, entry);
  const auto given = Json::parse(read_bytes(folder + "/" + entry["given"].get<std::string>()));
  const auto expected = Json::parse(read_bytes(folder + "/" + entry["expected"].get<std::string>()));
  const double tolerance = entry.value("tolerance", 0.0);
  Found found{"answered", 0, {}};
  for (std::size_t i = 0; i < given.size(); ++i) try {
      const auto batch = given[i].is_array() ? given[i] : Json::array({given[i]});
      const auto inputs = prepared(model, entry["of"], batch);
      const auto numbers = doubles(inputs.begin()->second);
      found.right = found.right && !expected[i].is_null() && numbers.size() == expected[i].size();
      for (std::size_t k = 0; found.right && k < numbers.size(); ++k)
        found.max_abs = std::max(*found.max_abs, std::abs(numbers[k] - expected[i][k].get<float>()));
    } catch (const InputError&) {
      found.right = found.right && expected[i].is_null();
    }
  found.right = found.right && *found.max_abs <= tolerance;
  return found;
}

Found forecast(const Model& model, const Json& entry) {
  const auto answer = model.forecast(parse_all(entry["outputs"]));
  if (entry.contains("error")) return {"answered"};
  const auto expected = parse(entry["forecast"]);
  return {"answered", {}, {}, answer.dims == expected.dims && answer.data == expected.data};
}

void compare_all(Found& found, const Tensors& answer, const Json& expected, double tolerance) {
  found.right = found.right && answer.size() == expected.size();
  for (const auto& [name, tensor] : parse_all(expected))
    if (found.right) compare(found, answer.at(name), tensor, tolerance);
}

Found run_many(const Model& model, const Json& entry) {
  std::vector<Tensors> samples;
  for (const auto& sample : entry["samples"]) samples.push_back(parse_all(sample));
  const auto answers = model.run_many(samples);
  Found found{"answered"};
  if (entry.contains("error")) return found;
  found.right = answers.size() == entry["outputs"].size();
  for (std::size_t i = 0; found.right && i < answers.size(); ++i)
    compare_all(found, answers[i], entry["outputs"][i], entry["tolerance"]);
  return found;
}

/// Compares all moments that a stream has now; null stands for a refusal.
template <class AnyStream>
void compare_moments(Found& found, AnyStream& stream, const Json& expected, double tolerance) {
  std::vector<Moment> moments;
  while (auto moment = stream.next()) moments.push_back(std::move(*moment));
  found.right = found.right && !expected.is_null() && moments.size() == expected.size();
  for (std::size_t i = 0; found.right && i < moments.size(); ++i) {
    found.right = moments[i].end == expected[i]["end"];
    compare_all(found, moments[i].outputs, expected[i]["outputs"], tolerance);
  }
}

/// Pushes what comes, and compares each push's moments; null stands for one that is refused.
Found stream(const Model& model, const Json& entry) {
  const auto window = entry["window"].is_null() ? std::nullopt : std::optional<std::int64_t>(entry["window"]);
  Stream moving(model, {entry["hop"], window});
  Found found{"answered"};
  if (entry.contains("error")) return found;
  const bool sound = model.manifest().processing->audio.has_value();
  for (std::size_t i = 0; i < entry["pushes"].size(); ++i) try {
      const auto& expected = entry["moments"][i];
      if (sound) {
        moving.push(flat<float>(entry["pushes"][i]));
      } else {
        moving.push(flat<double>(entry["pushes"][i]));
      }
      compare_moments(found, moving, expected, entry["tolerance"]);
    } catch (const InputError&) {
      found.right = found.right && entry["moments"][i].is_null();
    }
  return found;
}

/// Pushes what comes into a stream in steps, or begins it anew; null stands for a push that is refused.
Found steps(const Model& model, const Json& entry) {
  StepStream stream(model);
  Found found{"answered"};
  if (entry.contains("error")) return found;
  const auto& streaming = *model.manifest().streaming;
  for (std::size_t i = 0; i < entry["pushes"].size(); ++i) try {
      const auto& push = entry["pushes"][i];
      if (push == "reset") {
        stream.reset();
      } else if (push.is_object()) {
        stream.push(parse(push));
      } else if (sounds_of(streaming, model.manifest())) {
        stream.push(flat<float>(push));
      } else {
        stream.push(flat<double>(push));
      }
      compare_moments(found, stream, entry["moments"][i], entry["tolerance"]);
    } catch (const InputError&) {
      found.right = found.right && entry["moments"][i].is_null();
    }
  return found;
}

Found labels(const Model& model, const Json& entry) {
  const auto vectors = model.labels(parse_all(entry["outputs"]));
  if (entry.contains("error")) return {"answered"};
  return {"answered", {}, {}, vectors == entry["labels"].get<std::vector<std::vector<Label>>>()};
}

/// Says whether a prediction has what is expected of it and no more, numbers within 1e-9.
bool is_like(const Prediction& found, const Json& expected) {
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-9; };
  const auto has = [&](const char* key, const auto& value, const auto& alike) {
    return expected.contains(key) ? value && alike(*value, expected[key]) : !value;
  };
  const auto equal = [](const auto& value, const Json& other) { return Json(value) == other; };
  return has("label", found.label, equal) && has("text", found.text, equal) &&
         has("score", found.score, [&](double score, const Json& other) { return near(score, other); }) &&
         has("span", found.span, equal) && has("box", found.box, [&](const auto& box, const Json& other) {
           return std::equal(box.begin(), box.end(), other.begin(), other.end(), near);
         });
}

Found predictions(const Model& model, const Json& entry) {
  PredictionSource source;
  if (entry.contains("sizes")) source.sizes = entry["sizes"].get<std::vector<std::array<std::int64_t, 2>>>();
  if (entry.contains("texts")) source.texts = entry["texts"].get<std::vector<std::string>>();
  if (entry.contains("pairs")) source.pairs = entry["pairs"].get<std::vector<std::string>>();
  const auto found = model.predictions(parse_all(entry["outputs"]), source);
  if (entry.contains("error")) return {"answered"};
  const auto& expected = entry["predictions"];
  const bool alike = std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                                [](const std::vector<Prediction>& row, const Json& other) {
                                  return std::equal(row.begin(), row.end(), other.begin(), other.end(), is_like);
                                });
  return {"answered", {}, {}, alike};
}

std::string error_or(const Json& entry) {
  return entry.contains("error") && !entry["error"].is_null() ? entry["error"] : Json("answered");
}

void print(const Json& one, const std::string& what, const std::string& expected,
           const std::function<Found()>& run) {
  const auto start = std::chrono::steady_clock::now();
  Found found;
  try {
    found = run();
  } catch (const InputError&) {
    found.name = "InputError";
  } catch (const BundleError&) {
    found.name = "BundleError";
  } catch (const IncompatibleRuntimeError&) {
    found.name = "IncompatibleRuntimeError";
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  const Json line = {{"bundle", one["bundle"]},
                     {"what", what},
                     {"agrees", found.name == expected && found.right},
                     {"expected", expected},
                     {"found", found.right ? found.name : "another answer"},
                     {"max_abs", number(found.max_abs)},
                     {"error", number(found.error)},
                     {"seconds", seconds.count()}};
  std::cout << line.dump() << std::endl;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return std::cerr << "edgeattn-conformance FOLDER, such as runtime/conformance/build\n", 2;
  folder = words[1];
  for (const auto& one : Json::parse(read_bytes(folder + "/cases.json"))) {
    print(one, "open", one["error"].is_null() ? one["verdict"] : one["error"], [&] { return open(one); });
    const std::vector<std::pair<std::string, Found (*)(const Model&, const Json&)>> kinds = {
        {"calls", call},
        {"generate", generate},
        {"generate_many", generate_many},
        {"session", session},
        {"prepare", prepare},
        {"labels", labels},
        {"decode", decode},
        {"forecast", forecast},
        {"run_many", run_many},
        {"stream", stream},
        {"steps", steps},
        {"predictions", predictions},
    };
    for (const auto& [kind, run] : kinds)
      for (std::size_t i = 0; one.contains(kind) && i < one[kind].size(); ++i) {
        const auto& entry = one[kind][i];
        const auto expected = error_or(entry);
        const auto what = (kind == "calls" ? "call" : kind) + " " + std::to_string(i);
        print(one, what, expected,
              [&, run = run] { return run(loaded(one), entry); });
      }
  }
}
