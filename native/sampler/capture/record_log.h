#pragma once
// Lines of a capture, written by the thread that asks and taken by the one that watches it.

#include <cstdint>
#include <mutex>
#include <string>

namespace gna::capture {

/// Collects lines until they are taken. A line is whole or not there. Thread-safe.
class RecordLog {
 public:
  /// Above this a capture is cut: no host is known to come near.
  static constexpr std::uint64_t kMostBytes = 256ull << 20;

  /// Adds a line; false when the capture is full, and the line is dropped.
  bool add(const std::string& line);
  /// What was added since the last time.
  std::string take();
  std::uint64_t lines() const;
  bool full() const;

 private:
  mutable std::mutex mutex_;
  std::string pending_;
  std::uint64_t bytes_ = 0, lines_ = 0;
  bool full_ = false;
};

}  // namespace gna::capture
