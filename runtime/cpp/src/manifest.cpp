#include "manifest.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>

#include "decoding/option_limits.hpp"
#include "limits.hpp"
#include "options.hpp"
#include "record.hpp"

namespace edgeattn {

constexpr int kSchema = 2;
static const Field::Names kDtypes = {"bool",   "int8",  "uint8",  "int16",   "uint16",  "int32",
                                     "uint32", "int64", "uint64", "float16", "float32", "float64"};

static void read(const Field& field, Dim& dim) {
  field.is_text() ? read(field, dim.symbol) : read(field, dim.size, 1);
}

static Record common(const Field& field, TensorSpec& tensor) {
  Record record(field);
  record("name", tensor.name)("dtype", tensor.dtype, kDtypes)("dims", tensor.dims, AtLeast{0});
  return record;
}

static void read(const Field& field, TensorSpec& output) { common(field, output).end(); }

static void read_input(const Field& field, TensorSpec& input) {
  auto record = common(field, input);
  record.maybe("table_rows", input.table_rows, 1).maybe("lengths_of", input.lengths_of).end();
  for (const auto* key : {"table_rows", "lengths_of"})
    if (record.has(key) && input.dtype.find("int") == std::string::npos)
      throw record[key].refusal("an input of integers");
  if (input.table_rows && *input.table_rows > std::numeric_limits<std::int32_t>::max())
    throw record["table_rows"].refusal("an integer from 1 to 2^31 - 1");
}

/// Throws BundleError where two of these names are the same.
static void check_unique(const Field& field, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) throw field.refusal("each name once");
}

static void read(const Field& field, GraphSpec& graph) {
  Record record(field);
  for (const auto& input : record["inputs"].items()) read_input(input, graph.inputs.emplace_back());
  record("outputs", graph.outputs, AtLeast{0}).end();
  const auto names = [](const std::vector<TensorSpec>& tensors) {
    std::vector<std::string> found;
    found.reserve(tensors.size());
    for (const auto& tensor : tensors) found.push_back(tensor.name);
    return found;
  };
  check_unique(record["inputs"], names(graph.inputs));
  check_unique(record["outputs"], names(graph.outputs));
}

static void read(const Field& field, Bounds& bounds) {
  Record{field}("min", bounds.min, 0)("max", bounds.max, 0).end();
  if (!bounds.allows(bounds.max.value_or(bounds.min)))
    throw field.refusal(words("a max of at least ", bounds.min));
}

static void read(const Field& field, CacheEntry& entry) {
  Record{field}("past", entry.past)("present", entry.present).end();
}

static void read(const Field& field, EarlyStopping& when) {
  if (field.is_text())
    when = (field.one_of({"never"}), EarlyStopping::never);
  else
    when = field.flag() ? EarlyStopping::yes : EarlyStopping::no;
}

static void read(const Field& field, std::int64_t& value, const Limits& limits) {
  const auto most = std::min(limits.most, static_cast<double>(Field::kLargest));
  value = field.integer(static_cast<std::int64_t>(limits.least), static_cast<std::int64_t>(most));
}

static void read(const Field& field, double& value, const Limits& limits) {
  value = field.number();
  if (!limits.allow(value)) throw field.refusal(limits.written<double>());
}

static void read(const Field& field, Tokens& tokens, const Limits& /*none*/) { read(field, tokens, AtLeast{1}, 0); }

static void read(const Field& field, EarlyStopping& when, const Limits& /*none*/) { read(field, when); }

static void read(const Field& field, GenerationDefaults& defaults) {
  Record record(field);
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) record.maybe(#name, defaults.name, limits);
#include "edgeattn_options.inc"
  record.end();
  if (field.table().empty()) throw field.refusal("at least one setting");
  if (defaults.num_beams.value_or(1) > 1 && defaults.temperature.value_or(0) > 0)
    throw record["temperature"].refusal("0 beside num_beams, as beams draw nothing,");
}

static void read(const Field& field, Generation& names) {
  std::string kind;
  Record record(field);
  record("kind", kind, Field::Names{"decoder", "encoder-decoder"});
  if (kind == "encoder-decoder") {
    record("encoder", names.encoder.emplace())("sources", names.sources, AtLeast{1})("carried", names.carried,
                                                                                     AtLeast{1});
    check_unique(record["sources"], names.sources);
    check_unique(record["carried"], names.carried);
  }
  record("decoder", names.decoder)("tokens", names.tokens)("logits", names.logits)("length", names.length);
  record("cache", names.cache, AtLeast{1})("positions", names.positions, 1);
  std::optional<GenerationDefaults> defaults;
  record.maybe("defaults", defaults).end();
  names.defaults = defaults.value_or(GenerationDefaults{});
}

static void read(const Field& field, StateEntry& entry) {
  Record{field}("past", entry.past)("present", entry.present).end();
}

static void read(const Field& field, Streaming& streaming) {
  Record record(field);
  record("step", streaming.step)("input", streaming.input)("axis", streaming.axis, 1)("hop", streaming.hop, 1);
  record("outputs", streaming.outputs, AtLeast{1})("states", streaming.states, AtLeast{1}).end();
  check_unique(record["outputs"], streaming.outputs);
}

static void read(const Field& field, Padding& padding) {
  Record record(field);
  record("mask", padding.mask)("masked_out", padding.masked_out, 0).end();
  if (padding.masked_out > 1) throw record["masked_out"].refusal("0 or 1");
}

static void read(const Field& field, Rows& rows) {
  Record{field}("batch", rows.batch)("padding", rows.padding).end();
}

static void read(const Field& field, PairProcessing& pair) {
  Record{field}("truncation", pair.truncation, Field::Names{"longest_first", "only_first", "only_second"}).end();
}

/// Of any characters.
struct AnyText {};
static void read(const Field& field, std::string& text, AnyText /*rule*/) { text = field.any_text(); }

static void read(const Field& field, TextProcessing& text) {
  Record record(field);
  record("tokenizer", text.tokenizer)("ids", text.ids)("mask", text.mask)("types", text.types)("longest", text.longest, 1);
  if (text.mask == text.ids) throw record["mask"].refusal("another input than ids");
  if (text.types && (text.types == text.ids || text.types == text.mask))
    throw record["types"].refusal("another input than ids and mask");
  if (record.has("prompts")) {
    record("prompts", text.prompts, AnyText{});
    if (text.prompts.empty()) throw record["prompts"].refusal("at least one prompt");
  }
  record.maybe("pair", text.pair).maybe("default_prompt", text.default_prompt).end();
  if (text.default_prompt && !text.prompts.count(*text.default_prompt))
    throw record["default_prompt"].refusal("one of prompts");
}

static void read(const Field& field, Resize& resize) {
  Record record(field);
  if (record.has("shorter")) {
    record("shorter", resize.shorter.emplace(), 1).maybe("longer", resize.longer, 1);
    if (resize.longer) record.maybe("multiple", resize.multiple, 1);
  } else {
    record("height", resize.height, 1)("width", resize.width, 1);
    record.maybe("fit", resize.fit, Field::Names{"contain", "cover"});
  }
  record.end();
}

/// Checks which of the keys of an image stand together.
static void check_frame(const Field& field, const ImageProcessing& image) {
  const auto refuse = [&](const char* key, const char* why) {
    throw BundleError(words(field.key(), ".", key, ": ", why));
  };
  if (image.height.has_value() != image.width.has_value())
    refuse("height", "a height and a width expected, or null for both");
  if (!image.height && !(image.resize && (image.resize->shorter || image.resize->fit)))
    refuse("resize", "one that keeps the aspect expected, as height and width are null");
  const bool laid = image.resize && image.height, aligned = !image.align.empty();
  if (laid && !aligned) refuse("align", "missing, as images are resized to another size than the input's");
  if (aligned && !laid) refuse("align", "none expected, as images are resized to the input's size");
  if (image.border && !laid) refuse("border", "none expected, as images are resized to the input's size");
}

static void read(const Field& field, ImageProcessing& image) {
  Record record(field);
  record("input", image.input)("height", image.height, 1)("width", image.width, 1);
  record("channels", image.channels, Field::Names{"RGB", "BGR", "L"})("layout", image.layout,
                                                                      Field::Names{"NCHW", "NHWC"});
  record("resample", image.resample, Field::Names{"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"});
  record("scale", image.scale)("mean", image.mean, AtLeast{0})("std", image.std, AtLeast{0});
  std::optional<std::string> align;
  record.maybe("resize", image.resize).maybe("align", align, Field::Names{"start", "center", "center-even"});
  record.maybe("border", image.border, AtLeast{0}).end();
  image.align = align.value_or("");
  check_frame(field, image);
  for (const auto& [name, numbers] :
       {std::pair{"mean", image.mean}, {"std", image.std}, {"border", image.border.value_or(image.mean)}})
    if (numbers.size() != image.channels.size())
      throw record[name].refusal("a number a channel of " + image.channels);
  if (*std::min_element(image.std.begin(), image.std.end()) <= 0)
    throw record["std"].refusal("numbers above 0");
}

static void read(const Field& field, LogMel& features) {
  Record record(field);
  record("frame", features.frame, 2, kMostFrame)("hop", features.hop, 1, kMostToken);
  record("bands", features.bands, 1, kMostBands)("stack", features.stack, 1, kMostToken);
  record("floor", features.floor).end();
  if (features.floor <= 0) throw record["floor"].refusal("a number above 0");
  if (features.frame > kMostFrames * features.hop)
    throw record["hop"].refusal(words("at least a frame's ", features.frame, " / ", kMostFrames));
  if ((features.stack - 1) * features.hop + features.frame > kMostToken)
    throw record["stack"].refusal(words("tokens of at most ", kMostToken, " samples"));
}

static void read(const Field& field, AudioProcessing& audio) {
  Record record(field);
  record("input", audio.input)("rate", audio.rate, 1, kMostRate)("channels", audio.channels, 1);
  record.maybe("log_mel", audio.log_mel).end();
  if (audio.log_mel && audio.channels != 1)
    throw record["channels"].refusal("1 channel for log-mel features");
}

static void read(const Field& field, SeriesProcessing& series) {
  Record record(field);
  record("input", series.input)("output", series.output)("names", series.names, AtLeast{1});
  record("mean", series.mean, AtLeast{0})("std", series.std, AtLeast{0});
  record("missing", series.missing, Field::Names{"refuse", "hold"}).end();
  check_unique(record["names"], series.names);
  for (const auto& [name, numbers] : {std::pair{"mean", series.mean}, {"std", series.std}})
    if (numbers.size() != series.names.size()) throw record[name].refusal("a number a series");
  if (*std::min_element(series.std.begin(), series.std.end()) <= 0)
    throw record["std"].refusal("numbers above 0");
}

static void read(const Field& field, Labels& labels) {
  Record{field}("output", labels.output)("names", labels.names, AtLeast{1}).end();
}

static const Field::Names kScores = {"softmax", "sigmoid", "none"};

static void read(Record& record, Classes& classes) { record("scores", classes.scores, kScores).end(); }

static void read(Record& record, Transcript& ctc) {
  record("blank", ctc.blank, 0)("delimiter", ctc.delimiter, 0).end();
}

static void read(Record& record, Objects& objects) {
  record("boxes", objects.boxes)("form", objects.form, Field::Names{"center", "corners"});
  record("scores", objects.scores, kScores)("background", objects.background, 0)("threshold", objects.threshold);
  record.end();
  if (objects.threshold < 0 || objects.threshold > 1) throw record["threshold"].refusal("a number from 0 to 1");
}

static void read(Record& record, AnswerSpan& span) {
  record("start", span.start)("end", span.end)("longest", span.longest, 1).end();
}

static void read(Record& record, Tags& tags) { record("outside", tags.outside, 0).end(); }

static void read(const Field& field, PredictionReader& reader) {
  static const std::map<std::string, PredictionReader> kinds = {
      {"classes", Classes{}}, {"ctc", Transcript{}}, {"objects", Objects{}}, {"span", AnswerSpan{}}, {"tags", Tags{}}};
  std::string kind;
  Record record(field);
  record("kind", kind, Field::Names{"classes", "ctc", "objects", "span", "tags"});
  reader = kinds.at(kind);
  std::visit([&](auto& one) { read(record, one); }, reader);
}

static void read(const Field& field, Processing& how) {
  Record(field)
      .maybe("text", how.text)
      .maybe("image", how.image)
      .maybe("audio", how.audio)
      .maybe("series", how.series)
      .maybe("labels", how.labels)
      .maybe("prediction", how.prediction)
      .end();
  if (field.table().empty()) throw field.refusal("text, image, audio, series, labels or prediction");
}

/// Returns an option of onnxruntime; throws BundleError where it is none that a bundle may have.
static std::string option(const std::string& name, const Field& field) {
  if (!is_option(name)) throw BundleError(words(field.key(), ": unknown option; see runtime/README.md"));
  auto text = field.scalar();
  if (field.is_text() && text.find_first_not_of(kOptionText) != std::string::npos)
    throw field.refusal("a number, true, false or a word of A-Z a-z 0-9 _");
  return text;
}

static void read(const Field& field, Engine& engine) {
  Record record(field);
  record("name", engine.name)("version", engine.version)("providers", engine.providers, AtLeast{1});
  for (const auto& [name, value] : record["options"].table())
    engine.options[name] = is_onnxruntime(engine.name) ? option(name, value) : value.scalar();
  record.end();
  const auto& version = engine.version;
  if (version.find_first_not_of("0123456789.") != std::string::npos || version.front() == '.' ||
      version.back() == '.' || version.find("..") != std::string::npos)
    throw record["version"].refusal("a version such as \"1.23\"");
}

static void read(const Field& field, SessionSettings& session) {
  Record record(field);
  record("threads", session.threads, 1)("spinning", session.spinning);
  record("arena", session.arena)("memory_pattern", session.memory_pattern).end();
}

static void read(const Field& field, Stack& stack) {
  Record{field}("sizes", stack.sizes, 1)("rows", stack.rows, 1).end();
}

static void read(const Field& field, Variant& variant) {
  Record record(field);
  record("target", variant.target)("engine", variant.engine)("files", variant.files)("sizes", variant.sizes,
                                                                                     1);
  record.maybe("session", variant.session)("stacks", variant.stacks, AtLeast{0});
  record("scores", variant.scores)("verdict", variant.verdict, Field::Names{"pass", "fail"})(
      "measured", variant.measured);
  record("tolerance", variant.tolerance).end();
  for (const auto& [output, error] : variant.tolerance)
    if (error <= 0) throw record["tolerance"].refusal("numbers above 0");
}

static void read(const Field& field, FileEntry& entry) {
  Record record(field);
  record("size", entry.size, 0);
  entry.sha256 = record["sha256"].hex64();
  record.end();
}

/// Says whether a path is made of parts of A-Z a-z 0-9 . _ - that begin with neither dot nor dash.
static bool is_inside(const std::string& path) {
  char before = '/';
  for (const char c : path) {
    const bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!word && (before == '/' || (c != '.' && c != '-' && c != '/'))) return false;
    before = c;
  }
  return before != '/';
}

/// Before anything else is read: these two say what the other keys mean.
static void check_schema(const Field& root) {
  const auto fields = root.table();
  const auto found = fields.find("schema");
  const auto value = found == fields.end() ? nlohmann::json() : found->second.value();
  const bool newer = value.is_number_integer() && value > kSchema;
  if (!value.is_number_integer() || value != kSchema)
    throw BundleError(words("schema: ", value.is_structured() ? "no number" : value.dump(), " found, ", kSchema,
                            " expected; ", newer ? "upgrade edgeattn" : "export again"));
  // Keys since 0.1.0 that a reader must know: there is none yet.
  if (const auto critical = fields.find("critical"); critical != fields.end())
    throw BundleError(words("critical: ", quoted(critical->second.items(1).front().text()),
                            " found, a known key expected; upgrade edgeattn"));
}

Manifest parse_manifest(std::string_view text) {
  const auto parsed = parse_json(text);
  const Field root("", parsed);
  check_schema(root);
  Manifest manifest;
  Record record(root);
  record["schema"];
  record("name", manifest.name)("graphs", manifest.graphs)("symbols", manifest.symbols);
  record.maybe("generation", manifest.generation)
      .maybe("streaming", manifest.streaming)
      .maybe("rows", manifest.rows)
      .maybe("processing", manifest.processing);
  record("variants", manifest.variants, AtLeast{1})("files", manifest.files)("budget", manifest.budget);
  for (const auto& [path, entry] : manifest.files)
    if (!is_inside(path) || path == kManifestFile || path == kSignatureFile)
      throw BundleError(words("files: \"", path,
                              "\" found, the path of another file inside the folder expected (parts of ",
                              "A-Z a-z 0-9 . _ - that begin with no dot, joined by /)"));
  if (record.has("golden"))
    Record{record["golden"]}("file", manifest.golden_file)("samples", manifest.golden_samples, 1).end();
  record["provenance"].table();
  manifest.provenance = record["provenance"].value().dump();
  if (record.has("signature")) {
    std::string scheme;
    Record signature(record["signature"]);
    signature("scheme", scheme, Field::Names{"ed25519"});
    manifest.signature_key = signature["key"].hex64();
    signature.end();
  }
  check_references(manifest);
  return manifest;
}

}  // namespace edgeattn
