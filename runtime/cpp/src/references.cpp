// Checks what ties one key of a manifest to another.
#include <algorithm>
#include <set>

#include "limits.hpp"
#include "manifest.hpp"
#include "streaming.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

const Dim kSize{-1, ""}, kSymbol{-2, ""};  // any size, and any symbol

bool fits(const Dim& found, const Dim& expected) {
  if (expected.size < 0) return found.symbol.empty() == (expected.size == kSize.size);
  return found.size == expected.size && found.symbol == expected.symbol;
}

std::string expected_word(const Dim& dim) {
  return dim.size >= 0 ? written(dim) : dim.size == kSize.size ? "a size" : "a symbol";
}

template <class Value>
const Value& lookup(const std::map<std::string, Value>& table, const std::string& name, const char* key) {
  if (!table.count(name))
    throw BundleError(words(key, ": ", quoted(name), " is not in graphs; it has ", keys(table)));
  return table.at(name);
}

template <class Range>
std::multiset<std::string> names_of(const Range& items) {
  std::multiset<std::string> names;
  for (const auto& item : items) names.insert(item.name);
  return names;
}

std::string name_of(const TensorSpec& tensor) { return tensor.name; }

/// Checks that a graph takes these inputs and no other.
void check_takes(const GraphSpec& graph, const std::string& key, const std::vector<std::string>& named) {
  if (names_of(graph.inputs) != std::multiset<std::string>(named.begin(), named.end()))
    throw BundleError(words("generation.", key, ": a graph that takes ", listed(graph.inputs, name_of),
                            " found, one that takes ", listed(named), " expected"));
}

/// Returns the tensor of that name, of one of these dtypes and those dims.
TensorSpec require(const std::string& name, const std::string& key, const std::vector<TensorSpec>& tensors,
                   const std::vector<std::string>& dtypes, const std::vector<Dim>& dims) {
  const auto* tensor = find(tensors, name);
  if (!tensor)
    throw BundleError(
        words("generation.", key, ": the graph has no ", quoted(name), ", only ", listed(tensors)));
  if (std::find(dtypes.begin(), dtypes.end(), tensor->dtype) == dtypes.end() ||
      !std::equal(tensor->dims.begin(), tensor->dims.end(), dims.begin(), dims.end(), fits))
    throw BundleError(words("generation.", key, ": ", written(*tensor), " found, ", listed(dtypes), "[",
                            listed(dims, expected_word), "] expected"));
  return *tensor;
}

void check_bounds(const Symbols& symbols, const std::string& name, const std::optional<std::int64_t>& most) {
  const auto& found = symbols.at(name);
  if (found.min > 1 || (found.max && (!most || *found.max < *most)))
    throw BundleError(words("symbols.", name, ": ", written(found), " found, ",
                            most ? words("1 to ", *most) : "at least 1", " expected by generation"));
}

/// Checks tokens against the vocabulary, and beams against the rows of a call.
void check_defaults(const Generation& names, std::int64_t vocabulary, const Bounds& batch) {
  const auto& defaults = names.defaults;
  if (defaults.start && !names.encoder)
    throw BundleError("generation.defaults.start: found in a decoder alone, which begins with its prompt");
  for (const auto& [name, tokens] : {std::pair{"start", &defaults.start}, {"stop", &defaults.stop}})
    for (const auto token : tokens->value_or(std::vector<std::int64_t>{}))
      if (token >= vocabulary)
        throw BundleError(words("generation.defaults.", name, ": token ", token, " found, 0 to ", vocabulary - 1,
                                " expected"));
  if (batch.max && defaults.num_beams.value_or(1) > *batch.max)
    throw BundleError(words("generation.defaults.num_beams: ", *defaults.num_beams, " found, at most ", *batch.max,
                            " expected: the rows of a call"));
}

void check_generation(const Generation& names, const Manifest& manifest) {
  const auto& decoder = lookup(manifest.graphs, names.decoder, "generation.decoder");
  auto taken = names.carried;
  taken.insert(taken.end(), {names.tokens, names.length});
  for (const auto& entry : names.cache) taken.push_back(entry.past);
  check_takes(decoder, "decoder", taken);
  const auto tokens = require(names.tokens, "tokens", decoder.inputs, {"int64"}, {kSymbol, kSymbol});
  const auto batch = tokens.dims[0].symbol, sequence = tokens.dims[1].symbol;
  const auto logits =
      require(names.logits, "logits", decoder.outputs, {"float32"}, {tokens.dims[0], tokens.dims[1], kSize});
  require(names.length, "length", decoder.inputs, {"int64"}, {Dim{1, ""}});
  std::set<std::string> presents;
  for (const auto& [past_name, present] : names.cache) {
    const auto past = require(past_name, "cache", decoder.inputs, {"float32", "int8"},
                              {tokens.dims[0], kSize, Dim{0, kCapacity}, kSize});
    require(present, "cache", decoder.outputs, {past.dtype}, past.dims);
    if (!presents.insert(present).second)
      throw BundleError(words("generation.cache: ", quoted(present), " continues two entries"));
  }
  if (names.encoder) {
    const auto& encoder = lookup(manifest.graphs, *names.encoder, "generation.encoder");
    check_takes(encoder, "sources", names.sources);
    for (const auto& name : names.carried) {
      const auto& input = *find(decoder.inputs, name);
      require(name, "carried", encoder.outputs, {input.dtype}, input.dims);
    }
  }
  check_bounds(manifest.symbols, batch, 1);
  check_bounds(manifest.symbols, sequence, names.positions);
  check_bounds(manifest.symbols, kCapacity, names.positions);
  check_defaults(names, logits.dims[2].size, manifest.symbols.at(batch));
}

void check_rows(const Rows& rows, const GraphSpec& graph, const Symbols& symbols) {
  for (const auto* tensors : {&graph.inputs, &graph.outputs})
    for (const auto& tensor : *tensors) {
      const auto leads = [&](const Dim& dim) { return dim.symbol == rows.batch; };
      if (tensor.dims.empty() || !leads(tensor.dims[0]) ||
          std::count_if(tensor.dims.begin(), tensor.dims.end(), leads) > 1)
        throw BundleError(words("rows.batch: ", written(tensor), " found, ", quoted(rows.batch),
                                " expected to lead it and no more"));
    }
  const auto known = symbols_of(graph.inputs, 1);
  for (const auto& symbol : symbols_of(graph.outputs, 1))
    if (!std::count(known.begin(), known.end(), symbol))
      throw BundleError(
          words("rows: an output with a dim ", quoted(symbol), " found, a symbol of the inputs expected"));
  if (!symbols.count(rows.batch) || symbols.at(rows.batch).min != 1)
    throw BundleError(words("symbols.", rows.batch, ".min: 1 expected by rows"));
  if (!rows.padding) return;
  const auto* mask = find(graph.inputs, rows.padding->mask);
  if (!mask)
    throw BundleError(words("rows.padding.mask: ", quoted(rows.padding->mask), " found, one of ",
                            listed(graph.inputs, name_of), " expected"));
  if (mask->dims.size() != 2 || mask->dims[1].symbol.empty())
    throw BundleError(
        words("rows.padding.mask: ", written(*mask), " found, a batch of symbolic length expected"));
}

/// Throws BundleError where the answer to a question cannot be read from the outputs that it names.
void check_answer(const AnswerSpan& span, const Processing& processing, const std::vector<TensorSpec>& outputs) {
  const auto *start = find(outputs, span.start), *end = find(outputs, span.end);
  const auto check = [](const char* key, const std::string& name, const TensorSpec* output) {
    if (!output || output->dtype != "float32" || output->dims.size() != 2)
      throw BundleError(words("processing.prediction.", key, ": ", output ? written(*output) : quoted(name),
                              " found, float32 of 2 dims expected"));
  };
  check("start", span.start, start);
  check("end", span.end, end);
  if (!std::equal(start->dims.begin(), start->dims.end(), end->dims.begin(), fits))
    throw BundleError(words("processing.prediction.end: ", written(*end), " found, the dims of ", written(*start),
                            " expected"));
  if (!processing.text || !processing.text->pair)
    throw BundleError("processing.text.pair: missing; expected by processing.prediction");
}

/// Throws BundleError where a prediction cannot be read from the outputs that it names.
void check_prediction(const Processing& processing, const std::vector<TensorSpec>& outputs) {
  const auto& reader = *processing.prediction;
  if (const auto* span = std::get_if<AnswerSpan>(&reader)) return check_answer(*span, processing, outputs);
  const auto& labels = processing.labels;
  if (!labels) throw BundleError("processing.labels: missing; expected by processing.prediction");
  const auto& output = *find(outputs, labels->output);
  const auto check_place = [&](const char* key, const std::optional<std::int64_t>& place) {
    if (place && *place >= static_cast<std::int64_t>(labels->names.size()))
      throw BundleError(words("processing.prediction.", key, ": ", *place, " found, below the ", labels->names.size(),
                              " labels expected"));
  };
  if (!std::holds_alternative<Classes>(reader) && output.dims.size() != 3)
    throw BundleError(words("processing.labels.output: ", written(output), " found, float32 of 3 dims expected"));
  if (const auto* ctc = std::get_if<Transcript>(&reader)) {
    check_place("blank", ctc->blank);
    check_place("delimiter", ctc->delimiter);
  }
  if (const auto* tags = std::get_if<Tags>(&reader)) {
    check_place("outside", tags->outside);
    if (!processing.text) throw BundleError("processing.text: missing; expected by processing.prediction");
  }
  if (const auto* objects = std::get_if<Objects>(&reader)) {
    check_place("background", objects->background);
    const auto* boxes = find(outputs, objects->boxes);
    if (!boxes || boxes->dtype != "float32" || boxes->dims.size() != 3 || boxes->dims[2].size != 4 ||
        written(boxes->dims[0]) != written(output.dims[0]) || written(boxes->dims[1]) != written(output.dims[1]))
      throw BundleError(words("processing.prediction.boxes: ", boxes ? written(*boxes) : quoted(objects->boxes),
                              " found, float32 of 4 for each candidate of ", written(output), " expected"));
  }
}

void check_processing(const Processing& processing, const Manifest& manifest) {
  std::vector<TensorSpec> inputs, outputs;  // of the graphs that an app's data goes into and comes out of
  const auto called = [&](const std::string& name) {
    const auto& graph = manifest.graphs.at(name);
    inputs.insert(inputs.end(), graph.inputs.begin(), graph.inputs.end());
    outputs.insert(outputs.end(), graph.outputs.begin(), graph.outputs.end());
  };
  if (manifest.generation) called(manifest.generation->decoder);
  if (manifest.generation && manifest.generation->encoder) called(*manifest.generation->encoder);
  called(manifest.main_graph());
  // A tensor that is named has to be there, and of the kind that can be filled or read.
  const auto check = [](const std::string& key, const std::optional<std::string>& name, const auto& known,
                        const std::string& kind, std::size_t dims) {
    const auto* tensor = name ? find(known, *name) : nullptr;
    if (name && !tensor)
      throw BundleError(words("processing.", key, ": ", quoted(*name), " found, one of ",
                              listed(known, name_of), " expected"));
    if (name && (tensor->dtype.find(kind) == std::string::npos || tensor->dims.size() != dims))
      throw BundleError(words("processing.", key, ": ", written(*tensor), " found, ",
                              kind.empty() ? "one" : kind, " of ", dims, " dims expected"));
  };
  if (const auto& text = processing.text) {
    if (!manifest.files.count(text->tokenizer))
      throw BundleError(
          words("processing.text.tokenizer: ", quoted(text->tokenizer), " is not in files; list it there"));
    check("text.ids", text->ids, inputs, "int", 2);
    check("text.mask", text->mask, inputs, "", 2);
    check("text.types", text->types, inputs, "", 2);
  }
  const auto has = [](const TensorSpec& tensor, std::size_t axis, std::int64_t size) {
    return tensor.dims[axis].symbol.empty() && tensor.dims[axis].size == size;
  };
  // A size that processing makes is the one of the tensor's axis, where that is fixed.
  const auto check_size = [&](const std::string& key, std::int64_t size, const TensorSpec& tensor,
                              std::size_t axis) {
    if (tensor.dims[axis].symbol.empty() && !has(tensor, axis, size))
      throw BundleError(words("processing.", key, ": ", size, " found, ", tensor.dims[axis].size,
                              " expected by ", written(tensor)));
  };
  const auto check_pixels = [](const char* key, std::int64_t height, std::int64_t width) {
    if (height > kMostPixels / width)
      throw BundleError(words("processing.", key, ": ", height, " x ", width, " pixels found, at most ", kMostPixels,
                              " expected"));
  };
  if (const auto& image = processing.image) {
    check("image.input", image->input, inputs, "float32", 4);
    const auto& tensor = *find(inputs, image->input);
    check_size("image.channels", static_cast<std::int64_t>(image->channels.size()), tensor,
               image->layout.find('C'));
    for (const auto& [key, size, axis] :
         {std::tuple{"image.height", image->height, 'H'}, {"image.width", image->width, 'W'}}) {
      const auto place = image->layout.find(axis);
      if (size)
        check_size(key, *size, tensor, place);
      else if (tensor.dims[place].symbol.empty())
        throw BundleError(words("processing.", key, ": null found, a size expected by ", written(tensor)));
    }
    check_pixels("image", image->height.value_or(1), image->width.value_or(1));
    if (const auto& resize = image->resize) {
      const auto shorter = resize->shorter.value_or(0);
      check_pixels("image.resize", resize->shorter.value_or(resize->height),
                   resize->shorter ? resize->longer.value_or(shorter) : resize->width);
      const bool fills = image->align != "start" && !resize->longer && resize->fit.value_or("") != "contain" &&
                         resize->shorter.value_or(resize->height) >= image->height.value_or(0) &&
                         resize->shorter.value_or(resize->width) >= image->width.value_or(0);
      if (image->height && !fills && !image->border)
        throw BundleError(words("processing.image: no border found, one expected around images that do not fill ",
                                *image->height, " x ", *image->width));
    }
  }
  if (const auto& audio = processing.audio) {
    const auto& features = audio->log_mel;
    const auto* tensor = find(inputs, audio->input);
    const bool flat = audio->channels == 1 && !features && tensor && tensor->dims.size() == 2;
    check("audio.input", audio->input, inputs, "float32", flat ? 2 : 3);
    if (!flat && !features) check_size("audio.channels", audio->channels, *tensor, 1);
    if (const auto samples = find(inputs, audio->input)->dims.back().size;
        !features && samples > kMostSamples / audio->channels)
      throw BundleError(words("processing.audio: ", audio->channels, " x ", samples, " samples found, at most ",
                              kMostSamples, " expected"));
    if (features && !has(*find(inputs, audio->input), 2, features->bands * features->stack))
      throw BundleError(words("processing.audio.log_mel: ", features->bands * features->stack,
                              " numbers a token found, as many as in ", written(*find(inputs, audio->input)),
                              " expected"));
  }
  if (const auto& series = processing.series) {
    check("series.input", series->input, inputs, "float32", 3);
    check("series.output", series->output, outputs, "float32", 3);
    const auto count = static_cast<std::int64_t>(series->names.size());
    for (const auto* tensor : {find(inputs, series->input), find(outputs, series->output.value_or(""))})
      if (tensor && !has(*tensor, 1, count))
        throw BundleError(words("processing.series.names: ", count, " found, as many as in ",
                                written(*tensor), " expected"));
  }
  if (const auto& labels = processing.labels) {
    const auto* output = find(outputs, labels->output);
    check("labels.output", labels->output, outputs, "float32", output ? output->dims.size() : 0);
    if (output->dims.empty() || output->dims.back().size != static_cast<std::int64_t>(labels->names.size()))
      throw BundleError(words("processing.labels.names: ", labels->names.size(),
                              " found, as many as the last dim of ", written(*output), " expected"));
  }
  if (processing.prediction) check_prediction(processing, outputs);
}

void check_variant(const std::string& key, const Variant& variant, const Manifest& manifest) {
  const auto same_keys = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(variant.files.begin(), variant.files.end(), manifest.graphs.begin(), manifest.graphs.end(),
                  same_keys))
    throw BundleError(words(key, ".files: ", keys(variant.files), " found, ", keys(manifest.graphs),
                            " expected: one file for each graph"));
  for (const auto& [graph, file] : variant.files)
    if (!manifest.files.count(file))
      throw BundleError(
          words(key, ".files.", graph, ": ", quoted(file), " is not in files; list it with sha256 and size"));
  const auto& outputs = manifest.graphs.at(manifest.main_graph()).outputs;
  if (variant.tolerance.size() != outputs.size() ||
      !std::all_of(outputs.begin(), outputs.end(), [&](const auto& o) { return variant.tolerance.count(o.name); }))
    throw BundleError(words(key, ".tolerance: ", keys(variant.tolerance), " found, one number for each output expected"));
  for (const auto& [symbol, size] : variant.sizes) {
    if (!manifest.symbols.count(symbol))
      throw BundleError(
          words(key, ".sizes: ", quoted(symbol), " found, a symbol expected: ", keys(manifest.symbols)));
    if (!manifest.symbols.at(symbol).allows(size))
      throw BundleError(words(key, ".sizes.", symbol, ": ", size, " found, ",
                              written(manifest.symbols.at(symbol)), " expected"));
  }
  if (!manifest.rows && !variant.stacks.empty())
    throw BundleError(words(key, ".stacks: ", variant.stacks.size(), " found, none expected without rows"));
  for (const auto& stack : variant.stacks) {
    auto known = symbols_of(manifest.graphs.at(manifest.main_graph()).inputs, 1);
    std::sort(known.begin(), known.end());
    if (!std::equal(known.begin(), known.end(), stack.sizes.begin(), stack.sizes.end(),
                    [](const std::string& symbol, const auto& size) { return symbol == size.first; }))
      throw BundleError(words(key, ".stacks: sizes of ", keys(stack.sizes), " found, of ", listed(known),
                              " expected as in the inputs"));
    if (!manifest.symbols.at(manifest.rows->batch).allows(stack.rows))
      throw BundleError(words(key, ".stacks: ", stack.rows, " rows found, ",
                              written(manifest.symbols.at(manifest.rows->batch)), " expected"));
  }
}

}  // namespace

const TensorSpec* find(const std::vector<TensorSpec>& tensors, const std::string& name) {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorSpec& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::vector<std::string> symbols_of(const std::vector<TensorSpec>& tensors, std::size_t from) {
  std::vector<std::string> symbols;
  for (const auto& tensor : tensors)
    for (std::size_t i = from; i < tensor.dims.size(); ++i) {
      const auto& symbol = tensor.dims[i].symbol;
      if (!symbol.empty() && !std::count(symbols.begin(), symbols.end(), symbol)) symbols.push_back(symbol);
    }
  return symbols;
}

void check_references(const Manifest& manifest) {
  const auto& graphs = manifest.graphs;
  if (graphs.size() != 1 && !graphs.count("model"))
    throw BundleError(words("graphs: ", keys(graphs), " found, one named 'model' expected"));
  if (manifest.golden_samples && !manifest.files.count(manifest.golden_file))
    throw BundleError(
        words("golden.file: ", quoted(manifest.golden_file), " is not in files; list it there"));
  for (const auto& [name, graph] : graphs)
    for (const auto* tensors : {&graph.inputs, &graph.outputs})
      for (const auto& symbol : symbols_of(*tensors))
        if (!manifest.symbols.count(symbol))
          throw BundleError(words("graphs.", name, ": a dim ", quoted(symbol), " that is not in symbols"));
  for (const auto& [name, graph] : graphs) {
    const auto symbols = symbols_of(graph.inputs);
    for (const auto& tensor : graph.inputs)
      if (tensor.lengths_of && !std::count(symbols.begin(), symbols.end(), *tensor.lengths_of))
        throw BundleError(words("graphs.", name, ": ", quoted(tensor.name), " has lengths of ",
                                quoted(*tensor.lengths_of), ", a dim of an input expected"));
  }
  if (manifest.generation) check_generation(*manifest.generation, manifest);
  if (manifest.rows) check_rows(*manifest.rows, graphs.at(manifest.main_graph()), manifest.symbols);
  if (manifest.processing) check_processing(*manifest.processing, manifest);
  if (manifest.streaming) check_streaming(*manifest.streaming, manifest);
  for (std::size_t i = 0; i < manifest.variants.size(); ++i)
    check_variant(words("variants[", i, "]"), manifest.variants[i], manifest);
}

}  // namespace edgeattn
