#include "replacement.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>
#include <set>
#include <string_view>
#include <system_error>

#include "bundle.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

constexpr char kMarker[] = "edgeattn-replacement", kNew[] = "new", kOld[] = "old";
constexpr std::size_t kLongestMarker = 4096;  // bytes; a name has at most 255
constexpr std::size_t kDigest = 64, kRandom = 8;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";

std::string prefix_of(const fs::path& bundle) { return "." + bundle.filename().u8string() + "."; }

fs::path unused_name(const fs::path& bundle) {
  std::random_device random;
  auto name = prefix_of(bundle);
  for (std::size_t i = 0; i < kRandom; ++i) name += kLetters[random() % kLetters.size()];
  return bundle.parent_path() / fs::u8path(name);
}

/// True if a name is one that `unused_name` gives.
bool is_hidden_name(const std::string& name, const std::string& prefix) {
  return name.size() == prefix.size() + kRandom && name.rfind(prefix, 0) == 0 &&
         name.find_first_not_of(kLetters, prefix.size()) == std::string::npos;
}

/// Gives a folder's owner the right to write in it while this object lives, as the name ".." in it is written when it moves;
/// beyond that where it has moved.
class Movable {
 public:
  explicit Movable(const fs::path& folder) : folder_(folder), before_(fs::status(folder).permissions()) {
    std::error_code ignored;  // another user's
    fs::permissions(folder, fs::perms::owner_write, fs::perm_options::add, ignored);
  }
  ~Movable() {
    std::error_code ignored;
    if (!moved_) fs::permissions(folder_, before_, ignored);
  }
  Movable(const Movable&) = delete;
  Movable& operator=(const Movable&) = delete;
  void moved() { moved_ = true; }

 private:
  const fs::path& folder_;
  fs::perms before_;
  bool moved_ = false;
};

}  // namespace

HiddenFolder::HiddenFolder(fs::path path, fs::path bundle, std::unique_ptr<const HeldFolder> held)
    : path_(std::move(path)), bundle_(std::move(bundle)), held_(std::move(held)) {}

HiddenFolder HiddenFolder::made(const fs::path& bundle) {
  while (true) {
    const auto path = unused_name(bundle);
    if (!make_private(path)) continue;
    auto held = HeldFolder::at(path);
    if (!held || !fs::exists(path)) continue;  // another process took it for a killed one's, before it was locked
    HiddenFolder hidden(path, bundle, std::move(held));
    try {
      hidden.mark();
      fs::create_directory(hidden.new_bundle());
    } catch (...) {
      hidden.clear();
      throw;
    }
    return hidden;
  }
}

void HiddenFolder::mark() const {
  const auto manifest = bundle_ / kManifestFile, marker = path_ / kMarker;
  std::ofstream file(marker, std::ios::binary);
  file << line(sha256(fs::exists(manifest) ? read_bytes(manifest) : ""));
  file.close();
  if (!file) throw fs::filesystem_error("", marker, std::error_code(errno, std::generic_category()));
  sync(marker);
}

fs::path HiddenFolder::new_bundle() const { return path_ / kNew; }
fs::path HiddenFolder::old_bundle() const { return path_ / kOld; }

std::string HiddenFolder::line(const std::string& digest) const {
  return words(path_.filename().u8string(), " replaces ", digest, "\n");
}

std::string HiddenFolder::marker() const { return held_->read(kMarker, kLongestMarker); }

bool HiddenFolder::is_proven() const {
  if (!held_->is_own()) return false;
  const auto names = held_->names();
  const auto is_marker = [](const std::string& name) { return name == kMarker; };
  if (std::all_of(names.begin(), names.end(), is_marker)) return true;
  const auto is_bundle = [&](const std::string& name) { return (name == kNew || name == kOld) && held_->has_folder(name); };
  if (!std::all_of(names.begin(), names.end(), [&](const auto& name) { return is_marker(name) || is_bundle(name); }))
    return false;
  const auto found = marker();
  const auto begin = found.size() - std::min(found.size(), kDigest + 1);
  const auto digest = found.substr(begin, kDigest);
  return found == line(digest) && digest.size() == kDigest &&
         digest.find_first_not_of("0123456789abcdef") == std::string::npos;
}

void HiddenFolder::clear() const {
  if (held_->has_folder(kOld) && !fs::exists(bundle_)) {
    const auto manifest = held_->read(words(kOld, "/", kManifestFile), kLargestManifest);
    if (marker() != line(sha256(manifest))) return;
    held_->move_out(kOld, bundle_);
  }
  for (const auto* name : {kNew, kOld}) held_->remove_folder(name);
  if (!held_->has_folder(kNew) && !held_->has_folder(kOld)) held_->remove_file(kMarker);
  std::error_code ignored;
  fs::remove(path_, ignored);
}

Staging::Staging(const fs::path& folder) : hidden_([&] {
  const auto bundle = fs::weakly_canonical(folder);
  fs::create_directories(bundle.parent_path());
  restore(bundle);
  return HiddenFolder::made(bundle);
}()) {}

Staging::~Staging() {
  try {
    hidden_.clear();
  } catch (const std::exception&) {  // it stays on the disk, for `restore`
  }
}

void Staging::put() {
  const auto& folder = hidden_.bundle();
  for (const auto& entry : fs::recursive_directory_iterator(path()))
    if (entry.is_directory()) sync(entry.path());
  sync(path());
  if (!fs::exists(folder)) {
    fs::rename(path(), folder);
  } else {
    Movable old(folder);
    if (!exchanged(path(), folder)) {
      fs::rename(folder, hidden_.old_bundle());
      fs::rename(path(), folder);
    }
    old.moved();
  }
  sync(folder.parent_path());
}

void restore(const fs::path& folder) {
  const auto bundle = fs::weakly_canonical(folder);
  if (!fs::is_directory(bundle.parent_path())) return;
  std::set<fs::path> strays;
  for (const auto& entry : fs::directory_iterator(bundle.parent_path()))
    if (is_hidden_name(entry.path().filename().u8string(), prefix_of(bundle))) strays.insert(entry.path());
  for (const auto& stray : strays) {
    auto held = HeldFolder::at(stray);
    if (!held) continue;
    const HiddenFolder hidden(stray, bundle, std::move(held));
    if (hidden.is_proven()) hidden.clear();
  }
}

void check_replaceable(const fs::path& folder) {
  auto parent = fs::weakly_canonical(folder).parent_path();
  while (!fs::exists(parent)) parent = parent.parent_path();
  if (!writable(parent))
    throw InputError(
        words(folder.u8string(), ": nothing can be written in ", parent.u8string(), "; name another place"));
  restore(folder);
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return;
  try {
    files_in(folder)->check_listed(parse_manifest(read_bytes(folder / kManifestFile)));
  } catch (const BundleError& error) {
    throw InputError(words(folder.u8string(), ": not a bundle alone (", error.what(),
                           "); nothing was written; name another place"));
  }
}

void copy_synced(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy_file(from, to);
  sync(to);
}

}  // namespace edgeattn
