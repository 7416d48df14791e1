// edgeattn.h: predictions.
#include <cmath>

#include "guarded.hpp"

using namespace edgeattn;

static edgeattn_prediction view_of(const Prediction& prediction) {
  const auto& [label, score, text, box, span] = prediction;
  edgeattn_prediction view{label ? label->c_str() : nullptr,
                           text ? text->c_str() : nullptr,
                           text ? text->size() : 0,
                           score.value_or(NAN),
                           box.has_value(),
                           {},
                           span.has_value(),
                           {}};
  if (box) std::copy(box->begin(), box->end(), view.box);
  if (span) std::copy(span->begin(), span->end(), view.span);
  return view;
}

edgeattn_status edgeattn_predictions(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                     const edgeattn_prediction_source* source,
                                     edgeattn_prediction_list** predictions, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(predictions, "predictions");
    const auto of = options_of(source, edgeattn_prediction_source{});
    PredictionSource given;
    given.texts = texts_of(of.texts, of.text_count, "texts");
    given.pairs = texts_of(of.pairs, of.pair_count, "pairs");
    for (const auto& [width, height] : values_of(of.sizes, of.size_count, "sizes"))
      given.sizes.push_back({width, height});
    auto list = std::make_unique<edgeattn_prediction_list>();
    list->predictions = opened(model).predictions(required(outputs, "outputs").value, given);
    for (const auto& row : list->predictions) {
      auto& views = list->views.emplace_back();
      for (const auto& prediction : row) views.add(view_of(prediction));
    }
    place = list.release();
  });
}

size_t edgeattn_prediction_list_rows(const edgeattn_prediction_list* predictions) {
  return predictions ? predictions->views.size() : 0;
}

const edgeattn_prediction* const* edgeattn_prediction_list_get(const edgeattn_prediction_list* predictions,
                                                               size_t row, size_t* count) {
  const auto* views = predictions && row < predictions->views.size() ? &predictions->views[row] : nullptr;
  if (count) *count = views ? views->size() : 0;
  return views ? views->data() : nullptr;
}

void edgeattn_prediction_list_free(edgeattn_prediction_list* predictions) { delete predictions; }
