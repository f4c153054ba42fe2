#pragma once
// Moves the clock of a simulated node that stands still (docs/architecture.md, "Clock file").

#include <cstdint>
#include <string>

namespace gna::sweep {

/// The clock file of a node that was made with a frozen clock.
class NodeClock {
 public:
  explicit NodeClock(const std::string& file);
  ~NodeClock();
  NodeClock(const NodeClock&) = delete;
  NodeClock& operator=(const NodeClock&) = delete;

  bool valid() const { return bytes_ != nullptr; }

  /// Seconds after the moment at which the node was made; may go back, for those who have not looked yet.
  void show(double seconds);

 private:
  char* bytes_ = nullptr;
  std::int64_t startNs_ = 0;
};

}  // namespace gna::sweep
