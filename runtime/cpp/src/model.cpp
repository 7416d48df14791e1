#include "model.hpp"

#include <algorithm>

#include "boundary.hpp"
#include "decoding/cache.hpp"
#include "contract.hpp"
#include "kernels.hpp"
#include "manifest.hpp"
#include "words.hpp"

namespace edgeattn {

EdgeAttnError::EdgeAttnError(std::string message)
    : std::runtime_error(
          (std::replace_if(
               message.begin(), message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' '),
           message)) {}

namespace {

Model model_of(Bundle bundle, const LoadOptions& options) {
  auto impl = std::make_shared<Inside::Impl>();
  impl->bundle = std::move(bundle);
  impl->threads = options.threads;
  if (!options.kernels) without_kernels(impl->bundle.manifest);
  impl->runnable = runnable(impl->bundle.manifest, options.target);
  impl->graph();
  return Inside::model(std::move(impl));
}

}  // namespace

Model load(const std::string& folder, const LoadOptions& options) {
  return bounded(folder, [&] { return model_of(open_bundle(std::filesystem::u8path(folder), options), options); });
}

Model load(const BundleFiles& files, const LoadOptions& options) { return load(LooseFiles{files}, options); }

Model load(LooseFiles files, const LoadOptions& options) {
  return bounded(memory_folder().u8string(), [&] { return model_of(open_bundle(std::move(files), options), options); });
}

std::shared_ptr<const Graph> Model::Impl::graph(const std::string& name) {
  const auto& asked = name.empty() ? bundle.manifest.main_graph() : name;
  if (!bundle.manifest.graphs.count(asked))
    throw InputError(words(bundle.folder.u8string(), ": no graph ", quoted(asked), "; it has ",
                           keys(bundle.manifest.graphs)));
  const std::lock_guard lock(opening);
  check_open();
  auto& graph = graphs[asked];
  if (!graph) graph = std::make_shared<const Graph>(bundle, asked, runnable, threads);
  return graph;
}

void Model::Impl::check_open() const {
  if (closed) throw InputError(words(bundle.folder.u8string(), ": a closed model; load it again"));
}

Model::Model(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

const Manifest& Model::manifest() const { return impl_->bundle.manifest; }

const std::string& Model::manifest_json() const { return impl_->bundle.json; }

void Model::open(const std::string& graph) const { impl_->graph(graph); }

void Model::warm_up() const {
  for (const auto& [name, graph] : manifest().graphs) open(name);
  for (const auto& sample : read_golden(impl_->bundle).samples) run(sample.inputs);
}

void Model::close() const {
  decltype(impl_->graphs) released;  // outside of the lock, and after the last call that runs
  const std::lock_guard lock(impl_->opening);
  impl_->closed = true;
  released.swap(impl_->graphs);
}

void Model::check_open() const {
  const std::lock_guard lock(impl_->opening);
  impl_->check_open();
}

Tensors Model::run(const Tensors& inputs, const std::string& graph) const {
  const auto& asked = graph.empty() ? manifest().main_graph() : graph;
  const auto opened = impl_->graph(asked);
  const auto whole = impl_->completed(*opened, asked, inputs);
  return opened->run(whole ? *whole : inputs);
}

std::optional<Tensors> Model::Impl::completed(const Graph& graph, const std::string& asked,
                                              const Tensors& inputs) const {
  const auto& manifest = bundle.manifest;
  const auto& names = manifest.generation;
  const bool decodes = names && asked == names->decoder;
  const auto cached = [&](const std::string& input) {
    return input == names->length || std::any_of(names->cache.begin(), names->cache.end(),
                                                 [&](const auto& entry) { return entry.past == input; });
  };
  if (!decodes ||
      std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) { return cached(input.first); })) {
    check_inputs(graph.spec().inputs, manifest.symbols, inputs);
    check_token_ids(manifest, inputs);
    if (decodes) check_room(*names, inputs);
    return std::nullopt;
  }
  auto others = graph.spec().inputs;
  others.erase(
      std::remove_if(others.begin(), others.end(), [&](const auto& tensor) { return cached(tensor.name); }),
      others.end());
  check_inputs(others, manifest.symbols, inputs);
  check_token_ids(manifest, inputs);
  const auto& tokens = inputs.at(names->tokens).dims;
  auto all = empty_cache(*names, graph.spec(), tokens[0], tokens[1]);
  all.insert(inputs.begin(), inputs.end());
  return all;
}

std::string Model::describe() const {
  std::ostringstream out;
  const auto opened = impl_->graph();
  const auto& main = *opened;
  const auto& variant = *main.variants().front();
  out << manifest().name << ": " << listed(main.spec().inputs) << " -> " << listed(main.spec().outputs)
      << "\n";
  for (const auto& [symbol, bounds] : manifest().symbols) out << symbol << ": " << written(bounds) << "\n";
  for (const auto& [name, graph] : manifest().graphs)
    if (name != manifest().main_graph())
      out << "graph " << name << ": " << listed(graph.inputs) << " -> " << listed(graph.outputs) << "\n";
  out << "target " << variant.target << ": onnxruntime " << engine_version() << " with "
      << listed(variant.engine.providers) << ", " << settings_here(variant, impl_->threads).threads
      << " thread(s), verdict " << variant.verdict << "\n";
  if (const auto kernels = kernels_of(variant.engine).words; !kernels.empty()) out << kernels << "\n";
  if (const auto& names = manifest().generation)
    out << "generates with " << names->decoder << (names->encoder ? " behind " + *names->encoder : "")
        << "\n";
  if (const auto& processing = manifest().processing) {
    if (processing->text)
      out << "text by " << processing->text->tokenizer << " into " << processing->text->ids << "\n";
    if (const auto& image = processing->image) {
      out << image->channels << " image of ";
      if (image->height)
        out << *image->height << " x " << image->width.value_or(0);
      else
        out << "its own size";
      out << " into " << image->input << "\n";
    }
    if (const auto& audio = processing->audio)
      out << "audio of " << audio->rate << " Hz, " << audio->channels << " channel(s), into " << audio->input
          << "\n";
    if (const auto& series = processing->series)
      out << series->names.size() << " series into " << series->input << "\n";
    if (processing->labels)
      out << processing->labels->names.size() << " labels for " << processing->labels->output << "\n";
  }
  if (const auto& key = manifest().signature_key) out << "signed by " << *key << (impl_->bundle.signer ? "; verified\n" : "; not verified here\n");
  return out.str();
}

}  // namespace edgeattn
