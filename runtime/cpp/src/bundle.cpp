#include "bundle.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include "boundary.hpp"
#include "manifest.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestManifest = 1 << 20;  // bytes
constexpr std::uintmax_t kSignature = 64;             // bytes, of Ed25519

void check_inside(const fs::path& folder, const std::string& file) {
  const auto real = fs::weakly_canonical(folder / file), root = fs::canonical(folder);
  if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end())
    throw BundleError(words((folder / file).string(),
                            ": a link that leaves the folder; copy the bundle with its links followed"));
  if (!fs::is_regular_file(folder / file))
    throw BundleError(words((folder / file).string(), ": no such file; copy the bundle again, whole"));
}

void check_size(const fs::path& path, std::uintmax_t expected) {
  const auto found = fs::file_size(path);
  if (found != expected)
    throw BundleError(words(path.string(), ": ", found, " bytes found, ", expected, " expected",
                            found < expected ? " (truncated?)" : "", "; copy the bundle again"));
}

/// Whether a file is one that Finder or Explorer leaves in a folder that it shows.
bool is_from_the_desktop(const fs::directory_entry& entry) {
  const auto name = entry.path().filename();
  return (name == ".DS_Store" || name == "Thumbs.db") && !entry.is_symlink() && entry.is_regular_file();
}

/// Checks that every file is listed; a link to a folder counts as a file.
void check_listed(const fs::path& folder, const Manifest& manifest) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto file = entry.path().lexically_relative(folder).generic_string();
    const bool known = file == kManifestFile || (file == kSignatureFile && manifest.signature_key) ||
                       manifest.files.count(file) || is_from_the_desktop(entry);
    if (!known && (entry.is_symlink() || !entry.is_directory()))
      throw BundleError(words(entry.path().string(), ": not listed in ", kManifestFile,
                              "; remove it or copy the bundle again"));
  }
}

std::string sha256(const fs::path& path) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, 32> digest{};
  std::vector<char> block(1 << 20);
  std::ifstream file(path, std::ios::binary);
  bool done = file && context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  while (done && file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    done = EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open()) check_resources(path.string());
  if (!done || file.bad() || !EVP_DigestFinal_ex(context.get(), digest.data(), nullptr))
    throw BundleError(words(path.string(), ": cannot be read; check its permissions"));
  std::string hex;
  for (const auto byte : digest) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

/// Returns manifest.json, read and as it stands.
std::pair<Manifest, std::string> read_manifest(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw BundleError(words(folder.string(), ": ", fs::exists(folder) ? "a file" : "nothing",
                            " found, the folder of a bundle expected; check the path"));
  check_inside(folder, kManifestFile);
  const auto path = folder / kManifestFile;
  if (fs::file_size(path) > kLargestManifest)
    throw BundleError(words(path.string(), ": ", fs::file_size(path), " bytes found, at most ",
                            kLargestManifest, " expected"));
  try {
    auto json = read_bytes(path);
    auto manifest = parse_manifest(json);
    return {std::move(manifest), std::move(json)};
  } catch (const BundleError& error) {
    throw BundleError(words(path.string(), ": ", error.what()));
  }
}

}  // namespace

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open()) check_resources(path.string());
  if (!file || file.bad()) throw BundleError(words(path.string(), ": cannot be read; check its permissions"));
  return bytes;
}

Bundle open_bundle(const fs::path& folder) try {
  auto [manifest, json] = read_manifest(folder);
  if (manifest.signature_key) {
    check_inside(folder, kSignatureFile);
    check_size(folder / kSignatureFile, kSignature);
  }
  for (const auto& [file, entry] : manifest.files) {
    check_inside(folder, file);
    check_size(folder / file, static_cast<std::uintmax_t>(entry.size));
  }
  check_listed(folder, manifest);
  for (const auto& [file, entry] : manifest.files)
    if (const auto found = sha256(folder / file); found != entry.sha256)
      throw BundleError(words((folder / file).string(), ": sha256 ", found.substr(0, 12), "... found, ",
                              entry.sha256.substr(0, 12), "... expected (changed); copy the bundle again"));
  return {folder, std::move(json), std::move(manifest)};
} catch (const fs::filesystem_error& error) {
  if (!lacking(error.code()).empty()) throw;
  throw BundleError(
      words(error.path1().string(), ": ", error.code().message(), "; check the path and its permissions"));
}

}  // namespace edgeattn
