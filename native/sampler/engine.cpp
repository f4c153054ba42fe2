#include "sampler/engine.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>

#include "sampler/engine_state.h"
#include "sampler/once_report.h"
#include "sampler/watchdog.h"

namespace gna {

namespace {

constexpr std::int64_t kAnnounceAfterNs = 250'000'000;       // a hung GPU silences nobody
constexpr std::int64_t kLookAtLeastEveryNs = 1'500'000'000;  // slow is said within 5 s, whatever the interval
constexpr std::int64_t kLookWhileLeavingNs = 100'000'000;
constexpr std::int64_t kLeaveSlackNs = 5'000'000'000;
constexpr std::int64_t kOnceLeaveNs = 250'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Whether a call about two GPUs is stuck.
bool hangsInPair(const shm::WatchRecord& watch) {
  const auto end = watch.in_flight + std::min<std::uint64_t>(watch.in_flight_count, shm::kMaxInFlight);
  return std::any_of(watch.in_flight, end, [](const shm::InFlightCall& one) {
    const auto call = static_cast<nvml::Call>(one.call);
    return one.verdict == shm::Verdict::stuck &&
           (call == nvml::Call::DeviceGetTopologyCommonAncestor || call == nvml::Call::DeviceGetP2PStatus);
  });
}

/// Whether pairs of GPUs are not to be asked about any more: each try could cost another GPU.
bool pairsWereStuck(const shm::Segment& predecessor) {
  if (!predecessor.valid()) return false;
  shm::WatchRecord watch;
  std::uint64_t words[sizeof watch / 8];
  const std::size_t bytes = predecessor.watch().read(words, std::size(words)) * 8;
  std::memcpy(static_cast<void*>(&watch), words, std::min(sizeof watch, bytes));
  return watch.pairs_stuck != 0 || hangsInPair(watch);
}

/// The main thread: tick, watchdog, wake-up byte, commands. It calls no driver function, takes no lock and allocates
/// nothing once it runs.
class MainLoop {
 public:
  MainLoop(std::shared_ptr<EngineState> state, int socketFd, int signalFd)
      : state_(std::move(state)), s_(*state_), watchdog_(s_), socketFd_(socketFd), signalFd_(signalFd) {
    watch_.sampler_pid = static_cast<std::uint64_t>(getpid());
    if (pairsWereStuck(s_.carry)) {
      watch_.pairs_stuck = 1;
      s_.pairsAsked.store(true);
    }
  }

  EngineEnd run() {
    const std::int64_t startedNs = s_.clock->monotonicNs();
    nextTickNs_ = startedNs;
    onceDeadlineNs_ = s_.options.once ? startedNs + s_.options.onceDeadlineNs : kNever;
    for (;;) {
      waitForSomething();
      const std::int64_t now = s_.clock->monotonicNs();
      if (s_.tickNow.exchange(false, std::memory_order_acq_rel)) nextTickNs_ = std::min(nextTickNs_, now);
      const bool changed = watchdog_.look(now);
      if (leaving_ && nobodyToWaitFor(now)) return end_;
      if (!leaving_ && now >= nextTickNs_) startCycle(now);
      if (cycleOpen_ && (remaining() == 0 || now >= tickNs_ + kAnnounceAfterNs))
        announce();
      else if (changed)
        publishWatch(true);
      if (s_.options.once && !leaving_ && onceIsOver(now)) finishOnce(now);
    }
  }

 private:
  std::uint64_t remaining() const { return s_.pending.load(std::memory_order_acquire) & 0xFF; }

  void waitForSomething() {
    std::int64_t deadline = watchdog_.nextVerdictNs();
    if (!leaving_) deadline = std::min({deadline, nextTickNs_, onceDeadlineNs_});
    if (cycleOpen_) deadline = std::min(deadline, tickNs_ + kAnnounceAfterNs);
    if (leaving_) deadline = std::min(deadline, leaveByNs_);
    std::int64_t sleepNs = s_.clock->sleepUntilNs(deadline);
    // Lanes that nobody has looked at since their call began have no verdict due yet: look now and then, more often
    // while leaving.
    sleepNs = std::min(sleepNs, leaving_ ? kLookWhileLeavingNs : kLookAtLeastEveryNs);
    const timespec timeout{sleepNs / 1'000'000'000, sleepNs % 1'000'000'000};
    pollfd fds[3] = {
        {s_.mainWakeFd, POLLIN, 0}, {leaving_ ? -1 : socketFd_, POLLIN, 0}, {leaving_ ? -1 : signalFd_, POLLIN, 0}};
    if (ppoll(fds, 3, &timeout, nullptr) <= 0) return;
    std::uint64_t rings;
    if (fds[0].revents) [[maybe_unused]]
      const ssize_t n = read(s_.mainWakeFd, &rings, sizeof rings);
    if (fds[1].revents) readCommands();
    if (fds[2].revents) leave();
  }

  void readCommands() {
    char bytes[64];
    const ssize_t n = recv(socketFd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) leave();
    for (ssize_t i = 0; i < n; ++i)
      if (bytes[i] == 'x') leave();
  }

  /// Every thread has ended but those that are stuck. Merely slow calls are waited for until they are stuck too; the
  /// limit is for what the watchdog cannot see.
  bool nobodyToWaitFor(std::int64_t now) const {
    return s_.threads.load() <= watchdog_.stuckLanes() || now >= leaveByNs_;
  }

  void leave() {
    const Deadlines& d = s_.options.deadlines;
    const std::int64_t now = s_.clock->monotonicNs();
    leaveByNs_ = now + std::max({d.attachNs, d.fastNs, d.slowNs}) + kLeaveSlackNs;
    if (s_.options.once) {  // a command must not hang: a call that is merely slow gets a moment, not its deadline
      leaveByNs_ = now + kOnceLeaveNs;
      if (!printed_) end_ = EngineEnd::deadline;
    }
    leaving_ = true;
    s_.leaving.store(true, std::memory_order_release);
    s_.controlBell.ring();
    s_.eventsBell.ring();
    s_.hamiBell.ring();
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i) s_.gpus[i]->bell.ring();
    watch_.leaving = 1;
    publishWatch(true);
  }

  void startCycle(std::int64_t now) {
    tickNs_ = now;
    // Ticks keep their rhythm; what was missed while the clock jumped or we slept is not made up for.
    nextTickNs_ += s_.options.intervalNs;
    if (nextTickNs_ <= now) nextTickNs_ = now + s_.options.intervalNs;
    const std::uint64_t cycle = s_.cycle.load(std::memory_order_relaxed) + 1;
    s_.cycle.store(cycle, std::memory_order_release);
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    std::uint64_t idle[shm::kMaxGpus / 64] = {};
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      GpuSlot& slot = *s_.gpus[i];
      if (!s_.isLookedUp(i)) continue;
      if (slot.doneCycle.load(std::memory_order_acquire) != slot.assignedCycle.load(std::memory_order_relaxed)) {
        ++watch_.cycles_skipped;  // still in an older cycle: late, nobody waits for it
        continue;
      }
      // --once reads once: a second cycle while others are still in their first would hide what only the first shows.
      if (s_.options.once && slot.settled.load(std::memory_order_acquire)) continue;
      idle[i / 64] |= 1ull << (i % 64);
      ++count;
    }
    s_.pending.store(cycle << 8 | count, std::memory_order_release);
    for (std::uint32_t i = 0; i < n; ++i) {
      if (!(idle[i / 64] >> (i % 64) & 1)) continue;
      s_.gpus[i]->assignedCycle.store(cycle, std::memory_order_release);
      s_.gpus[i]->bell.ring();
    }
    cycleOpen_ = true;
  }

  void announce() {
    cycleOpen_ = false;
    publishWatch(true);
  }

  void publishWatch(bool wake) {
    watch_.cycle = s_.cycle.load(std::memory_order_relaxed);
    watch_.tick_monotonic_ns = tickNs_;
    watchdog_.report(watch_);
    if (hangsInPair(watch_)) watch_.pairs_stuck = 1;
    // Only what is used of the list is copied.
    const std::size_t bytes =
        offsetof(shm::WatchRecord, in_flight) + watch_.in_flight_count * sizeof(shm::InFlightCall);
    s_.segment.watch().publish(&watch_, bytes);
    // A full socket means the agent has unread wake-ups anyway.
    if (wake && socketFd_ >= 0) send(socketFd_, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  /// --once is over when a driver answered and every GPU published a cycle that began afterwards, or nothing answers.
  bool onceIsOver(std::int64_t now) const {
    if (now >= onceDeadlineNs_) return true;
    if (!s_.attempted.load(std::memory_order_acquire)) return false;
    if (s_.generation.load(std::memory_order_acquire) == 0) return true;
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i) {
      if (!s_.isLookedUp(i)) continue;
      // A cycle that began before the init had ended says nothing of the GPU.
      if (!s_.gpus[i]->settled.load(std::memory_order_acquire)) return false;
    }
    return true;
  }

  /// Prints and leaves.
  void finishOnce(std::int64_t now) {
    publishWatch(false);
    printOnce(s_.segment, s_.options.json);
    printed_ = true;
    const bool answered = s_.generation.load(std::memory_order_acquire) != 0;
    if (!answered && s_.attempted.load(std::memory_order_acquire))
      end_ = EngineEnd::noDriver;
    else if (now >= onceDeadlineNs_)
      end_ = EngineEnd::deadline;
    leave();
  }

  const std::shared_ptr<EngineState> state_;
  EngineState& s_;
  Watchdog watchdog_;
  const int socketFd_, signalFd_;
  shm::WatchRecord watch_;
  std::int64_t tickNs_ = 0, nextTickNs_ = 0, onceDeadlineNs_ = kNever;
  std::int64_t leaveByNs_ = kNever;
  bool leaving_ = false, cycleOpen_ = false, printed_ = false;
  EngineEnd end_ = EngineEnd::left;
};

int openSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

EngineEnd runEngine(const EngineOptions& options, int socketFd, int memoryFd, int carryFd, std::string& message) {
  using Access = shm::Mapping::Access;
  shm::Mapping memory(memoryFd, Access::readWrite), predecessor;
  if (!memory.valid()) {
    message = std::string("shared memory: ") + std::strerror(errno);
    return EngineEnd::usage;
  }
  if (memory.bytes() < shm::kSegmentBytes) {
    message = "shared memory: expected at least " + std::to_string(shm::kSegmentBytes) + " bytes, found " +
              std::to_string(memory.bytes());
    return EngineEnd::usage;
  }
  if (carryFd >= 0) predecessor = shm::Mapping(carryFd, Access::readOnly);
  // A predecessor of another build has another layout: totals then start anew, which shows as their drop to zero.
  if (predecessor.valid() && shm::Segment::check(predecessor.address(), predecessor.bytes())) predecessor = {};

  auto state = std::make_shared<EngineState>(options, std::move(memory), std::move(predecessor));
  state->clock = options.clockFile.empty() ? std::make_unique<Clock>() : std::make_unique<Clock>(options.clockFile);
  if (!state->clock->valid()) {
    message = state->clock->error();
    return EngineEnd::usage;
  }
  state->segment.initialize();

  const int signalFd = options.inProcess ? -1 : openSignals();
  bool started = startThread("control", state, controlThread);
  if (started && !options.excludeAll) started = startThread("events", state, eventsThread);
  if (started && options.hami && !options.once) started = startThread("hami", state, hamiThread);
  if (!started) {
    message = "the system gives no further thread: raise the limit on processes (pids.max, ulimit -u)";
    state->leaving.store(true);
    for (Doorbell* bell : {&state->controlBell, &state->eventsBell, &state->hamiBell}) bell->ring();
    return EngineEnd::usage;
  }
  const EngineEnd end = MainLoop(state, socketFd, signalFd).run();
  if (signalFd >= 0) close(signalFd);
  return end;
}

}  // namespace gna
