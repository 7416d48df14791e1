// edgeattn.h: a bundle opened, described and closed.
#include "guarded.hpp"

using namespace edgeattn;

edgeattn_contract_view::edgeattn_contract_view(const Manifest& manifest) {
  const auto& main = manifest.main_graph();
  graphs.push_back(graph(main, manifest.graphs.at(main)));
  for (const auto& [name, spec] : manifest.graphs)
    if (name != main) graphs.push_back(graph(name, spec));
}

edgeattn_graph_spec edgeattn_contract_view::graph(const std::string& name, const GraphSpec& graph) {
  const auto &inputs = tensors(graph.inputs), &outputs = tensors(graph.outputs);
  return {name.c_str(), inputs.data(), inputs.size(), outputs.data(), outputs.size()};
}

const std::vector<edgeattn_tensor_spec>& edgeattn_contract_view::tensors(
    const std::vector<TensorSpec>& specs) {
  std::vector<edgeattn_tensor_spec> views;
  for (const auto& spec : specs) {
    auto& dims = dims_.emplace_back();
    for (const auto& dim : spec.dims)
      dims.push_back({dim.symbol.empty() ? nullptr : dim.symbol.c_str(), dim.size});
    views.push_back({spec.name.c_str(), spec.dtype.c_str(), dims.data(), dims.size()});
  }
  return tensors_.emplace_back(std::move(views));
}

LoadOptions edgeattn::load_options_of(const edgeattn_load_options* options) {
  const auto settings = options_of(options, edgeattn_load_options_default());
  LoadOptions how;
  how.target = text_or_empty(settings.target);
  how.threads = given(settings.threads);
  how.kernels = settings.kernels != 0;
  if (settings.trusted_keys || settings.trusted_key_count)
    how.trusted_keys = texts_of(settings.trusted_keys, settings.trusted_key_count, "trusted_keys");
  return how;
}

edgeattn_status edgeattn_load(const char* folder, const edgeattn_load_options* options,
                              edgeattn_model** model, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(model, "model");
    auto opened = load(text_of(folder, "folder"), load_options_of(options));
    edgeattn_contract_view contract(opened.manifest());
    place = new edgeattn_model{std::move(opened), std::move(contract)};
  });
}

edgeattn_status edgeattn_open(const edgeattn_model* model, const char* graph, edgeattn_error** error) {
  return guarded(error, [&] { opened(model).open(text_or_empty(graph)); });
}

edgeattn_status edgeattn_warm_up(const edgeattn_model* model, edgeattn_error** error) {
  return guarded(error, [&] { opened(model).warm_up(); });
}

edgeattn_status edgeattn_close(edgeattn_model* model, edgeattn_error** error) {
  return guarded(error, [&] { required(model, "model").value.close(); });
}

void edgeattn_model_free(edgeattn_model* model) { delete model; }

edgeattn_status edgeattn_describe(const edgeattn_model* model, char** text, edgeattn_error** error) {
  return guarded(error, [&] { required(text, "text") = copied(opened(model).describe()); });
}

edgeattn_status edgeattn_manifest(const edgeattn_model* model, char** json, edgeattn_error** error) {
  return guarded(error, [&] { required(json, "json") = copied(opened(model).manifest_json()); });
}

edgeattn_status edgeattn_contract(const edgeattn_model* model, const edgeattn_graph_spec** graphs,
                                  size_t* count, edgeattn_error** error) {
  return guarded(error, [&] {
    opened(model);
    required(count, "count") = model->contract.graphs.size();
    required(graphs, "graphs") = model->contract.graphs.data();
  });
}
