#include <algorithm>
#include <fstream>

#include "boundary.hpp"
#include "bundle_files.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

/// Whether Hugging Face's cache keeps a file there for a snapshot: links lead from snapshots/REVISION to
/// blobs.
bool is_blob_of(const fs::path& root, const fs::path& file) {
  for (auto above = root.parent_path(); above.has_relative_path(); above = above.parent_path())
    if (above.filename() == "snapshots" && file.parent_path() == above.parent_path() / "blobs") return true;
  return false;
}

/// Whether a desktop or Hugging Face's hub left a file in a folder; it is never read.
bool is_passed_over(const fs::directory_entry& entry, const std::string& file) {
  const auto name = entry.path().filename();
  if (name == ".DS_Store" || name == "Thumbs.db") return !entry.is_symlink() && entry.is_regular_file();
  return file == ".gitattributes" || file.rfind(".cache/huggingface/", 0) == 0;
}

class FolderFiles : public FileSource {
 public:
  explicit FolderFiles(fs::path folder) : folder_(std::move(folder)) {}

  void check() const override {
    if (!fs::is_directory(folder_))
      throw BundleError(words(folder_.u8string(), ": ", fs::exists(folder_) ? "a file" : "nothing",
                              " found, the folder of a bundle expected; check the path"));
  }

  bool has(const std::string& file) const override { return fs::exists(path_of(folder_, file)); }

  std::uintmax_t size(const std::string& file) const override {
    const auto path = path_of(folder_, file), real = fs::weakly_canonical(path), root = fs::canonical(folder_);
    const bool inside = std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
    if (!inside && !is_blob_of(root, real))
      throw BundleError(
          words(path.u8string(), ": a link that leaves the folder; copy the bundle with its links followed"));
    if (!fs::is_regular_file(path))
      throw BundleError(words(path.u8string(), ": no such file; copy the bundle again, whole"));
    return fs::file_size(path);
  }

  std::string read(const std::string& file) const override { return read_bytes(path_of(folder_, file)); }

  bool has_paths() const override { return true; }

  std::optional<std::string_view> view(const std::string&) const override { return std::nullopt; }

  std::string sha256(const std::string& file, const OnBytes& on_bytes) const override {
    const auto path = path_of(folder_, file);
    std::ifstream stream(path, std::ios::binary);
    if (!stream.is_open()) check_resources(path.u8string());
    const auto read = [&](char* place, std::size_t bytes) {
      stream.read(place, static_cast<std::streamsize>(bytes));
      return static_cast<std::size_t>(stream.gcount());
    };
    auto found = stream ? edgeattn::sha256(read, on_bytes) : std::string();
    if (found.empty() || stream.bad())
      throw BundleError(words(path.u8string(), ": cannot be read; check its permissions"));
    return found;
  }

  void check_listed(const Manifest& manifest) const override {
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      const auto file = entry.path().lexically_relative(folder_).generic_u8string();
      const bool known = is_listed(manifest, file) || is_passed_over(entry, file);
      if (!known && (entry.is_symlink() || !entry.is_directory()))
        throw BundleError(words(entry.path().u8string(), ": not listed in ", kManifestFile,
                                "; remove it or copy the bundle again"));
    }
  }

 private:
  fs::path folder_;
};

}  // namespace

std::shared_ptr<const FileSource> files_in(const fs::path& folder) { return std::make_shared<FolderFiles>(folder); }

fs::path path_of(const fs::path& folder, const std::string& file) { return folder / fs::u8path(file); }

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open()) check_resources(path.u8string());
  if (!file || file.bad())
    throw BundleError(words(path.u8string(), ": cannot be read; check its permissions"));
  return bytes;
}

bool is_listed(const Manifest& manifest, const std::string& file) {
  return file == kManifestFile || (file == kSignatureFile && manifest.signature_key) || manifest.files.count(file);
}

}  // namespace edgeattn
