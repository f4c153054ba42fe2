#include "sampler/capture/record_log.h"

#include <utility>

namespace gna::capture {

bool RecordLog::add(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (full_ || bytes_ + line.size() + 1 > kMostBytes) {
    full_ = true;
    return false;
  }
  pending_ += line;
  pending_ += '\n';
  bytes_ += line.size() + 1;
  ++lines_;
  return true;
}

std::string RecordLog::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(pending_, {});
}

std::uint64_t RecordLog::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

bool RecordLog::full() const {
  const std::lock_guard lock(mutex_);
  return full_;
}

}  // namespace gna::capture
