// The HAMi thread: sweeps the usage directories. A hung file system is hostile input too, so it has a thread of its
// own, watched like the driver's.

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/hami/encoding.h"
#include "core/hami/sweep.h"
#include "core/proc/thread_id.h"
#include "sampler/engine_state.h"

namespace gna {

namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kRoundNs = 2'000 * kMillisecondNs;      // looks at the known files
constexpr std::int64_t kListEveryNs = 4'000 * kMillisecondNs;  // lists the directories: a new one shows within 5 s
// The writers zero utilisation and fill it again every 120 ms: a second look after that sees what the first missed.
constexpr std::int64_t kSecondLookNs = 150 * kMillisecondNs;

class HamiLoop {
 public:
  explicit HamiLoop(EngineState& s) : s_(s), sweeper_(hami::rootsBelow(s.options.rootfs, s.options.hamiRoots)) {}

  void run() {
    s_.hamiLane.adopt(proc::currentThreadId());
    std::int64_t listDueNs = s_.clock->monotonicNs();
    while (!leaving()) {
      const std::int64_t now = s_.clock->monotonicNs();
      const bool list = now >= listDueNs;
      if (list) listDueNs = now + kListEveryNs;
      look(list);
      const bool empty = sweeper_.view().containers.empty();
      if (!empty) {
        pauseUntil(now + kSecondLookNs);
        if (leaving()) return;
        look(false);
      }
      if (list || !empty) publish();
      // A node without HAMi pays for one listing every four seconds.
      pauseUntil(empty ? listDueNs : now + kRoundNs);
    }
  }

 private:
  bool leaving() const { return s_.leaving.load(std::memory_order_acquire); }

  void look(bool list) {
    s_.hamiLane.beginBatch();
    s_.hamiLane.run(nvml::Call::HamiSweep, [&]() -> nvml::Return {
      const std::int64_t now = s_.clock->monotonicNs();
      if (list)
        sweeper_.sweep(now);
      else
        sweeper_.sample(now);
      return nvml::kSuccess;
    });
    s_.hamiLane.idle();
  }

  // The buffer follows the node up to the ring's capacity; what does not fit there is cut and counted by encode().
  void publish() {
    const hami::SweepView view = sweeper_.view();
    const std::size_t wanted = std::min<std::size_t>(hami::wordsWanted(view), shm::kHamiBlobBytes / 8);
    if (blob_.size() < wanted) blob_.resize(wanted);
    const std::size_t words = hami::encode(view, blob_);
    s_.segment.hami().publish(blob_.data(), words * 8);
  }

  void pauseUntil(std::int64_t deadlineNs) {
    while (!leaving()) {
      const std::uint32_t seen = s_.hamiBell.rings();
      const std::int64_t real = s_.clock->sleepUntilNs(deadlineNs);
      if (real == 0 || leaving()) return;
      s_.hamiBell.wait(seen, real);
    }
  }

  EngineState& s_;
  hami::Sweeper sweeper_;
  std::vector<std::uint64_t> blob_;
};

}  // namespace

void hamiThread(const std::shared_ptr<EngineState>& state) { HamiLoop(*state).run(); }

}  // namespace gna
