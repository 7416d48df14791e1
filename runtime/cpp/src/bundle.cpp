#include "bundle.hpp"

#include <algorithm>
#include <fstream>

#include "boundary.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "signature.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestManifest = 1 << 20;  // bytes

/// Whether Hugging Face's cache keeps a file there for a snapshot: links lead from snapshots/REVISION to
/// blobs.
bool is_blob_of(const fs::path& root, const fs::path& file) {
  for (auto above = root.parent_path(); above.has_relative_path(); above = above.parent_path())
    if (above.filename() == "snapshots" && file.parent_path() == above.parent_path() / "blobs") return true;
  return false;
}

void check_inside(const fs::path& folder, const std::string& file) {
  const auto real = fs::weakly_canonical(path_of(folder, file)), root = fs::canonical(folder);
  const bool inside = std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
  if (!inside && !is_blob_of(root, real))
    throw BundleError(words(path_of(folder, file).u8string(),
                            ": a link that leaves the folder; copy the bundle with its links followed"));
  if (!fs::is_regular_file(path_of(folder, file)))
    throw BundleError(
        words(path_of(folder, file).u8string(), ": no such file; copy the bundle again, whole"));
}

void check_size(const fs::path& path, std::uintmax_t expected) {
  const auto found = fs::file_size(path);
  if (found != expected)
    throw BundleError(words(path.u8string(), ": ", found, " bytes found, ", expected, " expected",
                            found < expected ? " (truncated?)" : "", "; copy the bundle again"));
}

/// Whether a desktop or Hugging Face's hub left a file in a folder; it is never read.
bool is_passed_over(const fs::directory_entry& entry, const std::string& file) {
  const auto name = entry.path().filename();
  if (name == ".DS_Store" || name == "Thumbs.db") return !entry.is_symlink() && entry.is_regular_file();
  return file == ".gitattributes" || file.rfind(".cache/huggingface/", 0) == 0;
}

/// Returns a file's bytes where it has at most so many.
std::string read_limited(const fs::path& folder, const std::string& file, std::uintmax_t most) {
  check_inside(folder, file);
  if (const auto found = fs::file_size(path_of(folder, file)); found > most)
    throw BundleError(
        words(path_of(folder, file).u8string(), ": ", found, " bytes found, at most ", most, " expected"));
  return read_bytes(path_of(folder, file));
}

std::string read_signature(const fs::path& folder) {
  check_inside(folder, kSignatureFile);
  check_size(folder / kSignatureFile, kSignatureBytes);
  return read_bytes(folder / kSignatureFile);
}

/// Returns manifest.json as it stands.
std::string read_manifest(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw BundleError(words(folder.u8string(), ": ", fs::exists(folder) ? "a file" : "nothing",
                            " found, the folder of a bundle expected; check the path"));
  return read_limited(folder, kManifestFile, kLargestManifest);
}

/// Returns the trusted key that signed a manifest, of which nothing is read for it.
std::string checked_signer(const fs::path& folder, const std::string& json, const Keys& keys) {
  if (!fs::exists(folder / kSignatureFile))
    throw BundleError(
        words(folder.u8string(), ": not signed (", kSignatureFile,
              " missing), a signature by a trusted key expected; get the bundle from its publisher"));
  const auto signer = signer_of(json, read_signature(folder), keys);
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

std::string sha256_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) check_resources(path.u8string());
  auto found = file ? sha256(file) : std::string();
  if (found.empty() || file.bad())
    throw BundleError(words(path.u8string(), ": cannot be read; check its permissions"));
  return found;
}

}  // namespace

fs::path path_of(const fs::path& folder, const std::string& file) { return folder / fs::u8path(file); }

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open()) check_resources(path.u8string());
  if (!file || file.bad())
    throw BundleError(words(path.u8string(), ": cannot be read; check its permissions"));
  return bytes;
}

void check_listed(const fs::path& folder, const Manifest& manifest) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto file = entry.path().lexically_relative(folder).generic_u8string();
    const bool known = file == kManifestFile || (file == kSignatureFile && manifest.signature_key) ||
                       manifest.files.count(file) || is_passed_over(entry, file);
    if (!known && (entry.is_symlink() || !entry.is_directory()))
      throw BundleError(words(entry.path().u8string(), ": not listed in ", kManifestFile,
                              "; remove it or copy the bundle again"));
  }
}

std::string Bundle::read(const std::string& file) const {
  const auto& entry = manifest.files.at(file);
  check_size(path_of(folder, file), static_cast<std::uintmax_t>(entry.size));
  auto bytes = read_bytes(path_of(folder, file));
  check_sha256(path_of(folder, file), sha256(bytes), entry.sha256);
  return bytes;
}

GraphFile Bundle::graph(const std::string& file) const {
  GraphFile graph{path_of(folder, file)};
  if (!signer) return graph;
  graph.content = read(file);
  const auto begin = file.find_last_of('/') + 1;  // of its name
  for (const auto& [name, entry] : manifest.files)
    if (name.rfind(file + ".data", 0) == 0) graph.weights[name.substr(begin)] = read(name);
  return graph;
}

Bundle open_bundle(const fs::path& folder, const std::optional<Keys>& trusted_keys) try {
  if (trusted_keys) check_keys(*trusted_keys);
  auto json = read_manifest(folder);
  std::optional<std::string> signer;
  if (trusted_keys) signer = checked_signer(folder, json, *trusted_keys);
  auto manifest = parsed(folder, json);
  if (signer && manifest.signature_key != signer)
    throw BundleError(words((folder / kManifestFile).u8string(), ": names another key than ", *signer,
                            ", which signed it; sign the bundle again"));
  if (manifest.signature_key) read_signature(folder);
  for (const auto& [file, entry] : manifest.files) {
    check_inside(folder, file);
    check_size(path_of(folder, file), static_cast<std::uintmax_t>(entry.size));
  }
  check_listed(folder, manifest);
  for (const auto& [file, entry] : manifest.files)
    if (file != manifest.golden_file)  // whose content is checked when it is read
      check_sha256(path_of(folder, file), sha256_of(path_of(folder, file)), entry.sha256);
  return {folder, std::move(json), std::move(manifest), std::move(signer)};
} catch (const fs::filesystem_error& error) {
  if (!lacking(error.code()).empty()) throw;
  throw BundleError(
      words(error.path1().u8string(), ": ", error.code().message(), "; check the path and its permissions"));
}

}  // namespace edgeattn
