// edgeattn.h: a bundle opened, described and closed.
#include "guarded.hpp"
#include "model.hpp"

using namespace edgeattn;

edgeattn_contract_view::edgeattn_contract_view(const Manifest& manifest) {
  const auto& main = manifest.main_graph();
  graphs.add(graph(main, manifest.graphs.at(main)));
  for (const auto& [name, spec] : manifest.graphs)
    if (name != main) graphs.add(graph(name, spec));
}

edgeattn_graph_spec edgeattn_contract_view::graph(const std::string& name, const GraphSpec& graph) {
  const auto &inputs = tensors(graph.inputs), &outputs = tensors(graph.outputs);
  return {name.c_str(), inputs.data(), inputs.size(), outputs.data(), outputs.size()};
}

const Views<edgeattn_tensor_spec>& edgeattn_contract_view::tensors(const std::vector<TensorSpec>& specs) {
  auto& views = tensors_.emplace_back();
  for (const auto& spec : specs) {
    auto& dims = dims_.emplace_back();
    for (const auto& dim : spec.dims)
      dims.push_back({dim.symbol.empty() ? nullptr : dim.symbol.c_str(), dim.size});
    views.add({spec.name.c_str(), spec.dtype.c_str(), dims.data(), dims.size()});
  }
  return views;
}

namespace {

void hand_out(Model opened, edgeattn_model*& place) {
  edgeattn_contract_view contract(opened.manifest());
  place = new edgeattn_model{std::move(opened), std::move(contract)};
}

}  // namespace

LoadOptions edgeattn::load_options_of(const edgeattn_load_options& settings) {
  LoadOptions how;
  how.target = text_or_empty(settings.target);
  how.threads = given(settings.threads);
  how.kernels = settings.kernels != 0;
  if (settings.trusted_keys || settings.trusted_key_count)
    how.trusted_keys = texts_of(settings.trusted_keys, settings.trusted_key_count, "trusted_keys");
  if (settings.on_progress)
    how.on_progress = [heard = settings.on_progress, context = settings.context](auto done, auto total) {
      return goes_on([&](edgeattn_error** error) { return heard(done, total, context, error); });
    };
  return how;
}

edgeattn_status edgeattn_load(const char* folder, const edgeattn_load_options* options,
                              edgeattn_model** model, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(model, "model");
    const auto settings = options_of(options, edgeattn_load_options_default());
    const CallLimits limits(settings.deadline_ms, settings.cancellation);
    hand_out(load(text_of(folder, "folder"), load_options_of(settings)), place);
  });
}

edgeattn_status edgeattn_load_files(const edgeattn_bundle_file* files, size_t count,
                                    const edgeattn_load_options* options, edgeattn_model** model,
                                    edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(model, "model");
    const auto settings = options_of(options, edgeattn_load_options_default());
    const CallLimits limits(settings.deadline_ms, settings.cancellation);
    LooseFiles loose;
    for (const auto& file : records_of(files, count, "files")) {
      const auto name = text_of(file.name, "name");
      if (file.data || file.bytes == 0) {
        loose.memory[name] = {static_cast<const char*>(file.data), file.bytes};
      } else {
        loose.parts.insert_or_assign(name, FilePart(file.descriptor, file.offset, file.bytes, name));
      }
    }
    hand_out(load(std::move(loose), load_options_of(settings)), place);
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

edgeattn_status edgeattn_contract(const edgeattn_model* model, const edgeattn_graph_spec* const** graphs,
                                  size_t* count, edgeattn_error** error) {
  return guarded(error, [&] {
    opened(model);
    required(count, "count") = model->contract.graphs.size();
    required(graphs, "graphs") = model->contract.graphs.data();
  });
}
