#include "manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "field.hpp"

namespace edgeattn {
namespace {

constexpr int kSchema = 2;
const Field::Names kDtypes = {"bool",   "int8",  "uint8",  "int16",   "uint16",  "int32",
                              "uint32", "int64", "uint64", "float16", "float32", "float64"};

template <class Read>
auto optional(const Field& field, Read read) -> std::optional<decltype(read(field))> {
  if (field.is_null()) return std::nullopt;
  return read(field);
}

template <class Read>
auto optional(const Field::Table& fields, const std::string& name, Read read)
    -> std::optional<decltype(read(fields.at(name)))> {
  if (!fields.count(name)) return std::nullopt;
  return read(fields.at(name));
}

template <class Read>
auto map(const Field& field, Read read) {
  std::map<std::string, decltype(read(field))> values;
  for (const auto& [name, item] : field.table()) values.emplace(name, read(item));
  return values;
}

template <class Read>
auto list(const Field& field, std::size_t least, Read read) {
  std::vector<decltype(read(field))> values;
  for (const auto& item : field.items(least)) values.push_back(read(item));
  return values;
}

std::string text(const Field& field) { return field.text(); }
double number(const Field& field) { return field.number(); }
std::int64_t size(const Field& field) { return field.integer(1); }

Dim dim(const Field& field) {
  return field.value().is_string() ? Dim{0, field.text()} : Dim{field.integer(1), ""};
}

TensorSpec tensor(const Field& field) {
  const auto fields = field.record({"name", "dtype", "dims"});
  return {text(fields.at("name")), fields.at("dtype").one_of(kDtypes), list(fields.at("dims"), 0, dim)};
}

std::vector<TensorSpec> tensors(const Field& field) {
  std::vector<TensorSpec> found;
  for (auto& each : list(field, 0, tensor)) {
    if (find(found, each.name))
      throw BundleError(words(field.key(), ": two tensors named ", quoted(each.name), "; expected one"));
    found.push_back(std::move(each));
  }
  return found;
}

GraphSpec graph(const Field& field) {
  const auto fields = field.record({"inputs", "outputs"});
  return {tensors(fields.at("inputs")), tensors(fields.at("outputs"))};
}

Bounds bounds(const Field& field) {
  const auto fields = field.record({"min", "max"});
  const auto least = fields.at("min").integer(0);
  return {least, optional(fields.at("max"), [&](const Field& max) { return max.integer(least); })};
}

std::vector<std::string> names(const Field& field) {
  const auto found = list(field, 1, text);
  auto sorted = found;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) throw field.refusal("each name once");
  return found;
}

CacheEntry cache_entry(const Field& field) {
  const auto fields = field.record({"past", "present"});
  return {text(fields.at("past")), text(fields.at("present"))};
}

Generation generation(const Field& field) {
  Field::Names keys = {"kind", "decoder", "tokens", "logits", "length", "cache", "positions"};
  const Field::Names of_encoder = {"encoder", "sources", "carried"};
  const auto kind = field.record(keys, of_encoder).at("kind").one_of({"decoder", "encoder-decoder"});
  const bool paired = kind == "encoder-decoder";
  if (paired) keys.insert(keys.end(), of_encoder.begin(), of_encoder.end());
  const auto fields = field.record(keys);
  Generation found;
  found.decoder = text(fields.at("decoder"));
  if (paired) {
    found.encoder = text(fields.at("encoder"));
    found.sources = names(fields.at("sources"));
    found.carried = names(fields.at("carried"));
  }
  found.tokens = text(fields.at("tokens"));
  found.logits = text(fields.at("logits"));
  found.length = text(fields.at("length"));
  found.cache = list(fields.at("cache"), 1, cache_entry);
  found.positions = optional(fields.at("positions"), size);
  return found;
}

Padding padding(const Field& field) {
  const auto fields = field.record({"mask", "masked_out"});
  const auto masked_out = fields.at("masked_out").integer(0);
  if (masked_out > 1) throw fields.at("masked_out").refusal("0 or 1");
  return {text(fields.at("mask")), static_cast<int>(masked_out)};
}

Rows rows(const Field& field) {
  const auto fields = field.record({"batch", "padding"});
  return {text(fields.at("batch")), optional(fields.at("padding"), padding)};
}

TextProcessing text_processing(const Field& field) {
  const auto fields = field.record({"tokenizer", "ids", "mask", "types", "longest"});
  return {text(fields.at("tokenizer")), text(fields.at("ids")), optional(fields.at("mask"), text),
          optional(fields.at("types"), text), optional(fields.at("longest"), size)};
}

std::vector<double> by_channel(const Field& field, const std::string& channels) {
  const auto numbers = list(field, 0, number);
  if (numbers.size() != channels.size())
    throw field.refusal(words(channels.size(), " number(s), one a channel of ", channels));
  return numbers;
}

ImageProcessing image_processing(const Field& field) {
  const auto fields =
      field.record({"input", "height", "width", "channels", "layout", "resample", "scale", "mean", "std"});
  const auto channels = fields.at("channels").one_of({"RGB", "BGR", "L"});
  const auto std = by_channel(fields.at("std"), channels);
  if (*std::min_element(std.begin(), std.end()) <= 0) throw fields.at("std").refusal("numbers above 0");
  return {text(fields.at("input")),
          size(fields.at("height")),
          size(fields.at("width")),
          channels,
          fields.at("layout").one_of({"NCHW", "NHWC"}),
          fields.at("resample").one_of({"nearest", "bilinear", "bicubic"}),
          number(fields.at("scale")),
          by_channel(fields.at("mean"), channels),
          std};
}

AudioProcessing audio_processing(const Field& field) {
  const auto fields = field.record({"input", "rate", "channels"});
  return {text(fields.at("input")), size(fields.at("rate")), size(fields.at("channels"))};
}

Labels labels(const Field& field) {
  const auto fields = field.record({"output", "names"});
  return {text(fields.at("output")), list(fields.at("names"), 1, text)};
}

Processing processing(const Field& field) {
  const auto fields = field.record({}, {"text", "image", "audio", "labels"});
  if (fields.empty()) throw field.refusal("text, image, audio or labels");
  return {optional(fields, "text", text_processing), optional(fields, "image", image_processing),
          optional(fields, "audio", audio_processing), optional(fields, "labels", labels)};
}

Engine engine(const Field& field) {
  const auto fields = field.record({"name", "version", "providers", "options"});
  const auto version = text(fields.at("version"));
  const bool dotted = version.find_first_not_of("0123456789.") == version.npos && version.front() != '.' &&
                      version.back() != '.' && version.find("..") == version.npos;
  if (!dotted) throw fields.at("version").refusal("a version such as \"1.23\"");
  return {text(fields.at("name")), version, list(fields.at("providers"), 1, text),
          map(fields.at("options"), [](const Field& option) { return option.scalar(); })};
}

SessionSettings session(const Field& field) {
  const auto fields = field.record({"threads", "spinning", "arena", "memory_pattern"});
  return {size(fields.at("threads")), fields.at("spinning").flag(), fields.at("arena").flag(),
          fields.at("memory_pattern").flag()};
}

Stack stack(const Field& field) {
  const auto fields = field.record({"sizes", "rows"});
  return {map(fields.at("sizes"), size), size(fields.at("rows"))};
}

Variant variant(const Field& field) {
  const auto fields = field.record(
      {"target", "engine", "files", "sizes", "stacks", "tolerance", "scores", "verdict", "measured"},
      {"session"});
  return {text(fields.at("target")),
          engine(fields.at("engine")),
          map(fields.at("files"), text),
          map(fields.at("sizes"), size),
          optional(fields, "session", session).value_or(SessionSettings{}),
          list(fields.at("stacks"), 0, stack),
          number(fields.at("tolerance").record({"cosine"}).at("cosine")),
          map(fields.at("scores"), number),
          fields.at("verdict").one_of({"pass", "fail"}),
          optional(fields.at("measured"), text)};
}

/// Says whether a path is made of parts of A-Z a-z 0-9 . _ - that begin with neither dot nor dash.
bool is_inside(const std::string& path) {
  char before = '/';
  for (const char c : path) {
    const bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!word && (before == '/' || (c != '.' && c != '-' && c != '/'))) return false;
    before = c;
  }
  return before != '/';
}

std::map<std::string, FileEntry> files(const Field& field) {
  std::map<std::string, FileEntry> found;
  for (const auto& [path, item] : field.table()) {
    if (!is_inside(path) || path == kManifestFile || path == kSignatureFile)
      throw BundleError(words("files: \"", path,
                              "\" found, the path of another file inside the folder expected "
                              "(parts of A-Z a-z 0-9 . _ - that begin with no dot, joined by /)"));
    const auto fields = item.record({"sha256", "size"});
    found[path] = {fields.at("sha256").hex64(), static_cast<std::uint64_t>(fields.at("size").integer(0))};
  }
  return found;
}

std::string signature_key(const Field& field) {
  const auto fields = field.record({"scheme", "key"});
  fields.at("scheme").one_of({"ed25519"});
  return fields.at("key").hex64();
}

/// Before anything else is read: only the schema number says what the other keys mean.
void check_schema(const Field& root) {
  const auto fields = root.table();
  const auto found = fields.find("schema");
  const nlohmann::json value = found == fields.end() ? nlohmann::json() : found->second.value();
  if (value.is_number_integer() && value == kSchema) return;
  const bool newer = value.is_number_integer() && value > kSchema;
  throw BundleError(words("schema: ", value.is_structured() ? "no number" : value.dump(), " found, ", kSchema,
                          " expected; ", newer ? "upgrade edgeattn" : "export again"));
}

}  // namespace

Manifest parse_manifest(std::string_view json) {
  const auto parsed = parse_json(json);
  const Field root("", parsed);
  check_schema(root);
  const auto fields = root.record(
      {"schema", "name", "graphs", "symbols", "variants", "files", "golden", "budget", "provenance"},
      {"generation", "rows", "processing", "signature"});
  Manifest manifest;
  manifest.name = text(fields.at("name"));
  manifest.graphs = map(fields.at("graphs"), graph);
  manifest.symbols = map(fields.at("symbols"), bounds);
  manifest.generation = optional(fields, "generation", generation);
  manifest.rows = optional(fields, "rows", rows);
  manifest.processing = optional(fields, "processing", processing);
  manifest.variants = list(fields.at("variants"), 1, variant);
  manifest.files = files(fields.at("files"));
  const auto golden = fields.at("golden").record({"file", "samples"});
  manifest.golden_file = text(golden.at("file"));
  manifest.golden_samples = size(golden.at("samples"));
  manifest.budget = map(fields.at("budget"), number);
  fields.at("provenance").table();
  manifest.provenance = fields.at("provenance").value().dump();
  manifest.signature_key = optional(fields, "signature", signature_key);
  check_references(manifest);
  return manifest;
}

}  // namespace edgeattn
