#pragma once
// Reading small files of /proc whose read may sleep: /proc/<pid>/cmdline waits for the process's memory lock, which a
// process asleep in the driver may hold.

#include <optional>
#include <string>

namespace gna::proc {

/// First `maxBytes` of a regular file; nothing when it cannot be opened or read. Never follows a link at the last
/// step and never waits for a FIFO's other end.
std::optional<std::string> readSmallFile(const std::string& path, std::size_t maxBytes);

}  // namespace gna::proc
