// edgeattn.h: labels.
#include "guarded.hpp"

using namespace edgeattn;

edgeattn_status edgeattn_labels(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                edgeattn_label_list** labels, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(labels, "labels");
    auto list = std::make_unique<edgeattn_label_list>();
    list->labels = opened(model).labels(required(outputs, "outputs").value);
    for (const auto& vector : list->labels) {
      auto& views = list->views.emplace_back();
      for (const auto& [name, value] : vector) views.push_back({name.c_str(), value});
    }
    place = list.release();
  });
}

size_t edgeattn_label_list_vectors(const edgeattn_label_list* labels) {
  return labels ? labels->views.size() : 0;
}

const edgeattn_label* edgeattn_label_list_get(const edgeattn_label_list* labels, size_t vector,
                                              size_t* count) {
  const auto* views = labels && vector < labels->views.size() ? &labels->views[vector] : nullptr;
  if (count) *count = views ? views->size() : 0;
  return views ? views->data() : nullptr;
}

void edgeattn_label_list_free(edgeattn_label_list* labels) { delete labels; }
