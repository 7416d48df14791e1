// What the opaque types of edgeattn.h hold.
#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "edgeattn.h"
#include "edgeattn.hpp"

/// Structures that are handed out by pointers, so that they can grow. They stay where they are.
template <class View>
class Views {
 public:
  Views() = default;
  Views(Views&&) noexcept = default;  // and no copy, whose pointers would lead to what it was copied from

  void add(View view) { pointers_.push_back(&views_.emplace_back(std::move(view))); }
  const View* const* data() const { return pointers_.data(); }
  std::size_t size() const { return pointers_.size(); }

 private:
  std::deque<View> views_;
  std::vector<const View*> pointers_;
};

/// The contract in C's structures, which point into it: it stays where it is.
struct edgeattn_contract_view {
  explicit edgeattn_contract_view(const edgeattn::Manifest& manifest);

  Views<edgeattn_graph_spec> graphs;

 private:
  edgeattn_graph_spec graph(const std::string& name, const edgeattn::GraphSpec& graph);
  const Views<edgeattn_tensor_spec>& tensors(const std::vector<edgeattn::TensorSpec>& specs);

  std::deque<std::vector<edgeattn_dim>> dims_;
  std::deque<Views<edgeattn_tensor_spec>> tensors_;
};

struct edgeattn_model {
  edgeattn::Model value;
  edgeattn_contract_view contract;
};

struct edgeattn_tensors {
  edgeattn::Tensors value;
};

struct edgeattn_error {
  std::string message;
};

struct edgeattn_cancellation {
  edgeattn::Cancellation value;
};

struct edgeattn_golden_results {
  std::vector<edgeattn::GoldenResult> results;
  Views<edgeattn_golden_result> views;
};

struct edgeattn_label_list {
  std::vector<std::vector<edgeattn::Label>> labels;
  std::vector<std::vector<edgeattn_label>> views;
};

struct edgeattn_prediction_list {
  std::vector<std::vector<edgeattn::Prediction>> predictions;
  std::vector<Views<edgeattn_prediction>> views;
};

struct edgeattn_stream {
  std::variant<edgeattn::Stream, edgeattn::StepStream> value;
  std::size_t rows;  // channels or series; 1 of arrays
};

struct edgeattn_text_stream {
  edgeattn::TextStream value;
};

struct edgeattn_session {
  edgeattn::GenerationSession value;
};

struct edgeattn_answers {
  std::vector<std::vector<edgeattn::Hypothesis>> answers;
  std::vector<Views<edgeattn_hypothesis>> views;
};
