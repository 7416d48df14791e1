// What replacing a folder asks of the operating system.
#pragma once

#include <filesystem>
#include <memory>

namespace edgeattn {

/// A lock on a folder; it is let go of with its last holder, or with the process.
using FolderLock = std::shared_ptr<const void>;

/// Locks a folder; null where another holds it, or where it is gone.
FolderLock locked(const std::filesystem::path& folder);

/// Exchanges two folders in one call; says whether this system can.
bool exchanged(const std::filesystem::path& one, const std::filesystem::path& other);

/// Has the system write a file, or what a folder lists, to the disk.
void sync(const std::filesystem::path& path);

/// Says whether this process may make files in a folder.
bool writable(const std::filesystem::path& folder);

}  // namespace edgeattn
