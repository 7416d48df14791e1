// Outputs become predictions: labels with scores, the text of frames, objects in an image, the answer to a question.
#include <algorithm>
#include <numeric>

#include "limits.hpp"
#include "model.hpp"
#include "processing/answer_span.hpp"
#include "processing/outputs.hpp"
#include "processing/part.hpp"
#include "processing/resize.hpp"
#include "text/tokenizer.hpp"
#include "text/word.hpp"

namespace edgeattn {
namespace {

using Row = std::vector<Prediction>;
using Encoded = Inside::Impl::Row;    // a text with its prompt, and its tokens
using Frame = std::array<double, 4>;  // left, top, right and bottom of what an input shows, in pixels of its image

/// Returns what an input shows of each image; none where no sizes are given.
std::vector<Frame> frames_of(const Processing& processing, const std::vector<std::array<std::int64_t, 2>>& sizes) {
  std::vector<Frame> frames;
  for (const auto& [width, height] : sizes) {
    if (width < 1 || height < 1 || height > kMostPixels / width)
      throw InputError(words("sizes: ", width, " x ", height, " found, 1 to ", kMostPixels, " pixels expected"));
    frames.push_back(processing.image
                         ? shown(*processing.image, {height, width})
                         : Frame{0, 0, static_cast<double>(width), static_cast<double>(height)});
  }
  return frames;
}

/// Reads outputs by the labels, a kind of prediction a call operator.
class Reading {
 public:
  /// `tokenizer`, and the tokens of each text with its prompt, are there where texts are.
  Reading(const Labels& labels, const Tensors& outputs, const std::vector<Frame>& frames, const PredictionSource& source,
          const text::Tokenizer* tokenizer, const std::vector<Encoded>& encoded)
      : frames_(frames),
        tokenizer_(tokenizer),
        encoded_(encoded),
        labels_(labels),
        outputs_(outputs),
        source_(source),
        values_(output_of(outputs, labels.output, labels.names.size())),
        places_(labels.names.size()) {}

  std::vector<Row> operator()(const Classes& classes) const {
    std::vector<Row> rows(count(values_) / places_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto* numbers = values_.as<float>() + i * places_;
      const auto scores = scored(labels_.output, {numbers, numbers + places_}, classes.scores);
      std::vector<std::size_t> order(places_);
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return numbers[a] > numbers[b]; });
      for (const auto place : order) rows[i].push_back({labels_.names[place], scores[place], {}, {}});
    }
    return rows;
  }

  std::vector<Row> operator()(const Transcript& ctc) const {
    const auto [batch, frames] = sides();
    std::vector<Row> rows;
    for (std::size_t i = 0; i < batch; ++i) {
      std::string text;
      std::optional<std::size_t> before;
      for (std::size_t frame = 0; frame < frames; ++frame) {
        const auto place = best(values_.as<float>() + (i * frames + frame) * places_);
        if (before != place && !is(ctc.blank, place)) text += is(ctc.delimiter, place) ? " " : labels_.names[place];
        before = place;
      }
      const auto first = text.find_first_not_of(' ');
      text = first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
      rows.push_back({{{}, {}, std::move(text), {}}});
    }
    return rows;
  }

  std::vector<Row> operator()(const Objects& objects) const {
    const auto [batch, candidates] = sides();
    const auto& boxes = output_of(outputs_, objects.boxes, 4);
    if (boxes.dims.size() != 3 || boxes.dims[0] != values_.dims[0] || boxes.dims[1] != values_.dims[1])
      throw InputError(words(objects.boxes, ": a box for each candidate of ", labels_.output, " expected"));
    if (!frames_.empty() && frames_.size() != batch)
      throw InputError(words("sizes: ", frames_.size(), " found, one for each of ", batch, " images expected"));
    std::vector<Row> rows(batch);
    for (std::size_t i = 0; i < batch; ++i) {
      for (std::size_t j = i * candidates; j < (i + 1) * candidates; ++j)
        see(objects, values_.as<float>() + j * places_,
            box_of(objects, boxes.as<float>() + j * 4, frames_.empty() ? Frame{0, 0, 1, 1} : frames_[i]), rows[i]);
      std::stable_sort(rows[i].begin(), rows[i].end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    }
    return rows;
  }

  std::vector<Row> operator()(const AnswerSpan&) const { return {}; }  // is of no labels

  std::vector<Row> operator()(const Tags& tags) const {
    const auto [batch, tokens] = sides();
    if (!tokenizer_ || source_.texts.size() != batch)
      throw InputError(words(labels_.output, ": ", source_.texts.size(), " texts found for ", batch, " rows"));
    std::vector<Row> rows;
    for (std::size_t i = 0; i < batch; ++i)
      rows.push_back(entities(tags, encoded_[i], source_.texts[i].size(), values_.as<float>() + i * tokens * places_, tokens));
    return rows;
  }

 private:
  /// Words in a row of one entity: their bytes, the label of the first, and the sum of their scores.
  struct Entity {
    std::size_t begin, end, label, words;
    double scores;
  };

  static std::size_t count(const Tensor& tensor) { return tensor.data.size() / sizeof(float); }
  static bool is(const std::optional<std::int64_t>& label, std::size_t place) {
    return label && static_cast<std::size_t>(*label) == place;
  }

  /// Returns the batch, and what a row of it has vectors of.
  std::pair<std::size_t, std::size_t> sides() const {
    if (values_.dims.size() != 3) throw InputError(words(labels_.output, ": three dims expected"));
    return {static_cast<std::size_t>(values_.dims[0]), static_cast<std::size_t>(values_.dims[1])};
  }

  std::size_t best(const float* numbers) const {
    return static_cast<std::size_t>(std::max_element(numbers, numbers + places_) - numbers);
  }

  /// Returns the label of an entity, without what says whether a word begins it.
  std::string entity(std::size_t label) const {
    const auto& name = labels_.names[label];
    return name.rfind("B-", 0) == 0 || name.rfind("I-", 0) == 0 ? name.substr(2) : name;
  }

  /// Reads the tags of words that lie in the last `size` bytes of what was encoded, behind its prompt.
  Row entities(const Tags& tags, const Encoded& source, std::size_t size, const float* numbers, std::size_t tokens) const {
    const auto& text = source.texts.front();
    const auto& encoded = source.tokens.encoding;
    const auto prompt = text.size() - size;
    if (encoded.ids.size() > tokens)
      throw InputError(words(labels_.output, ": ", tokens, " tokens found, the ", encoded.ids.size(), " of its text expected"));
    text::Ids ids;
    std::size_t before = 0;  // special tokens
    for (std::size_t i = 0; i < encoded.ids.size(); ++i) {
      if (encoded.texts[i]) ids.push_back(encoded.ids[i]);
      else before += ids.empty();
    }
    std::vector<Entity> found;
    for (const auto& word : text::words_of(text, ids, [this](std::string_view part) { return tokenizer_->own(part); })) {
      if (word.end <= prompt) continue;
      const auto* vector = numbers + (before + word.token) * places_;
      const auto label = best(vector);
      const auto score = scored(labels_.output, {vector, vector + places_}, "softmax")[label];
      const bool continues = tags.outside && !found.empty() && labels_.names[label].rfind("B-", 0) != 0 &&
                             entity(found.back().label) == entity(label);
      if (!continues) found.push_back({std::max(word.begin, prompt), word.end, label, 0, 0});
      auto& last = found.back();
      last.end = word.end;
      last.scores += score;
      ++last.words;
    }
    Row row;
    for (const auto& [begin, end, label, count, scores] : found)
      if (!is(tags.outside, label))
        row.push_back({tags.outside ? entity(label) : labels_.names[label], scores / static_cast<double>(count),
                       text.substr(begin, end - begin), {}});
    return row;
  }

  /// Adds what a candidate is, above the threshold.
  void see(const Objects& objects, const float* numbers, const std::array<double, 4>& box, Row& row) const {
    const auto scores = scored(labels_.output, {numbers, numbers + places_}, objects.scores);
    std::optional<std::size_t> best;
    for (std::size_t place = 0; place < places_; ++place)
      if (!is(objects.background, place) && (!best || numbers[place] > numbers[*best])) best = place;
    for (std::size_t place = 0; place < places_; ++place)
      if (!is(objects.background, place) && (objects.scores != "softmax" || best == place) &&
          scores[place] > objects.threshold)
        row.push_back({labels_.names[place], scores[place], {}, box});
  }

  static std::array<double, 4> box_of(const Objects& objects, const float* numbers,
                                      const Frame& frame) {
    std::array<double, 4> box{};
    std::copy(numbers, numbers + 4, box.begin());
    if (objects.form == "center") {
      const auto [x, y, width, height] = box;
      box = {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
    }
    for (std::size_t side = 0; side < 4; ++side)
      box[side] = frame[side % 2] + box[side] * (frame[side % 2 + 2] - frame[side % 2]);
    return box;
  }

  const std::vector<Frame>& frames_;  // of each image; none where its size is unknown
  const text::Tokenizer* tokenizer_;
  const std::vector<Encoded>& encoded_;
  const Labels& labels_;
  const Tensors& outputs_;
  const PredictionSource& source_;
  const Tensor& values_;
  std::size_t places_;
};

}  // namespace

std::vector<std::vector<Prediction>> Model::predictions(const Tensors& outputs, const PredictionSource& source) const {
  const auto& how = part_of(manifest(), &Processing::prediction, "prediction");
  if (const auto* span = std::get_if<AnswerSpan>(&how))
    return answers(*span, outputs, impl_->encode(source.texts, {source.pairs, {}}), *impl_->tokenizer());
  const auto& labels = part_of(manifest(), &Processing::labels, "labels");
  if (source.sizes.empty() && needs_sizes(*manifest().processing))
    throw InputError("sizes: none found; give the width and height in pixels of the image, which boxes lie in");
  const auto frames = frames_of(*manifest().processing, source.sizes);
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::vector<Encoded> encoded;
  if (!source.texts.empty() && std::holds_alternative<Tags>(how)) {
    tokenizer = impl_->tokenizer();
    encoded = impl_->encode(source.texts, {});
  }
  return std::visit(Reading(labels, outputs, frames, source, tokenizer.get(), encoded), how);
}

}  // namespace edgeattn
