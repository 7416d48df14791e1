#include "bundle.hpp"

#include "boundary.hpp"
#include "deadline.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "signature.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

void check_size(const fs::path& path, std::uintmax_t found, std::uintmax_t expected) {
  if (found != expected)
    throw BundleError(words(path.u8string(), ": ", found, " bytes found, ", expected, " expected",
                            found < expected ? " (truncated?)" : "", "; copy the bundle again"));
}

std::string read_signature(const fs::path& folder, const FileSource& files) {
  check_size(folder / kSignatureFile, files.size(kSignatureFile), kSignatureBytes);
  return files.read(kSignatureFile);
}

/// Returns manifest.json as it stands.
std::string read_manifest(const fs::path& folder, const FileSource& files) {
  files.check();
  if (const auto found = files.size(kManifestFile); found > kLargestManifest)
    throw BundleError(words((folder / kManifestFile).u8string(), ": ", found, " bytes found, at most ",
                            kLargestManifest, " expected"));
  return files.read(kManifestFile);
}

/// Returns the trusted key that signed a manifest, of which nothing is read for it.
std::string checked_signer(const fs::path& folder, const FileSource& files, const std::string& json, const Keys& keys) {
  if (!files.has(kSignatureFile))
    throw BundleError(
        words(folder.u8string(), ": not signed (", kSignatureFile,
              " missing), a signature by a trusted key expected; get the bundle from its publisher"));
  const auto signer = signer_of(json, read_signature(folder, files), keys);
  if (!signer)
    throw BundleError(words(folder.u8string(), ": signed by no trusted key (", keys.size(),
                            " tried), or changed since; get the bundle from its publisher again"));
  return *signer;
}

Manifest parsed(const fs::path& folder, const std::string& json) try {
  return parse_manifest(json);
} catch (const BundleError& error) {
  throw BundleError(words((folder / kManifestFile).u8string(), ": ", error.what()));
}

void check_sha256(const fs::path& path, const std::string& found, const std::string& expected) {
  if (found != expected)
    throw BundleError(words(path.u8string(), ": sha256 ", found.substr(0, 12), "... found, ",
                            expected.substr(0, 12), "... expected (changed); copy the bundle again"));
}

/// Reports the bytes that were checked, and ends the load where a deadline or the caller does.
class Progress {
 public:
  Progress(const fs::path& folder, const Manifest& manifest, const LoadOptions& options)
      : label_(folder.u8string()), on_progress_(options.on_progress) {
    for (const auto& [file, entry] : manifest.files)
      if (file != manifest.golden_file) total_ += static_cast<std::uint64_t>(entry.size);
  }

  void add(std::size_t bytes) {
    done_ += bytes;
    EndedCall::check_current(label_);
    if (on_progress_ && !on_progress_(done_, total_)) throw DeadlineError(words(label_, ": cancelled"));
  }

 private:
  std::string label_;
  const std::function<bool(std::uint64_t, std::uint64_t)>& on_progress_;
  std::uint64_t done_ = 0, total_ = 0;
};

Bundle opened(const fs::path& folder, std::shared_ptr<const FileSource> files, const LoadOptions& options) {
  const auto& keys = options.trusted_keys;
  if (keys) check_keys(*keys);
  auto json = read_manifest(folder, *files);
  std::optional<std::string> signer;
  if (keys) signer = checked_signer(folder, *files, json, *keys);
  auto manifest = parsed(folder, json);
  if (signer && manifest.signature_key != signer)
    throw BundleError(words((folder / kManifestFile).u8string(), ": names another key than ", *signer,
                            ", which signed it; sign the bundle again"));
  if (manifest.signature_key) read_signature(folder, *files);
  for (const auto& [file, entry] : manifest.files)
    check_size(path_of(folder, file), files->size(file), static_cast<std::uintmax_t>(entry.size));
  files->check_listed(manifest);
  Progress progress(folder, manifest, options);
  for (const auto& [file, entry] : manifest.files)
    if (file != manifest.golden_file)  // whose content is checked when it is read
      check_sha256(path_of(folder, file), files->sha256(file, [&](std::size_t bytes) { progress.add(bytes); }),
                   entry.sha256);
  return {folder, std::move(files), std::move(json), std::move(manifest), std::move(signer)};
}

}  // namespace

std::string Bundle::read(const std::string& file) const {
  const auto path = path_of(folder, file);
  const auto& entry = manifest.files.at(file);
  check_size(path, files->size(file), static_cast<std::uintmax_t>(entry.size));
  auto bytes = files->read(file);
  check_sha256(path, sha256(bytes), entry.sha256);
  return bytes;
}

GraphFile Bundle::graph(const std::string& file) const {
  GraphFile graph{path_of(folder, file)};
  if (!signer && files->has_paths()) return graph;
  const auto bytes = [&](const std::string& name) {
    const auto view = files->view(name);
    return view ? *view : graph.read.emplace_back(read(name));
  };
  graph.content = bytes(file);
  const auto begin = file.find_last_of('/') + 1;  // of its name
  for (const auto& [name, entry] : manifest.files)
    if (name.rfind(file + ".data", 0) == 0) graph.weights[name.substr(begin)] = bytes(name);
  return graph;
}

Bundle open_bundle(const fs::path& folder, const LoadOptions& options) try {
  return opened(folder, files_in(folder), options);
} catch (const fs::filesystem_error& error) {
  if (!lacking(error.code()).empty()) throw;
  throw BundleError(
      words(error.path1().u8string(), ": ", error.code().message(), "; check the path and its permissions"));
}

Bundle open_bundle(LooseFiles files, const LoadOptions& options) {
  return opened(memory_folder(), files_in(std::move(files)), options);
}

}  // namespace edgeattn
