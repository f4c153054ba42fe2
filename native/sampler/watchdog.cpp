#include "sampler/watchdog.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/proc/thread_evidence.h"

namespace gna {

namespace {
constexpr std::int64_t kSlowAtTheLatestNs = 3'000'000'000;  // promised: named within 5 s
}

std::int64_t Watchdog::deadlineNs(nvml::Call call) const {
  switch (nvml::kCallClasses[nvml::index(call)]) {
    case nvml::CallClass::attach: return s_.options.deadlines.attachNs;
    case nvml::CallClass::fast: return s_.options.deadlines.fastNs;
    case nvml::CallClass::slow: return s_.options.deadlines.slowNs;
  }
  return s_.options.deadlines.slowNs;
}

std::int64_t Watchdog::slowAfterNs(nvml::Call call) const { return std::min(deadlineNs(call) / 2, kSlowAtTheLatestNs); }

bool Watchdog::look(std::int64_t nowNs) {
  // Lanes: control, events, hami, then GPUs as control adds them.
  if (count_ == 0) {
    tracks_[0] = {&s_.controlLane, shm::LaneKind::control};
    tracks_[1] = {&s_.eventsLane, shm::LaneKind::events};
    tracks_[2] = {&s_.hamiLane, shm::LaneKind::hami};
    count_ = 3;
  }
  const std::uint32_t gpus = s_.gpuSlots.load(std::memory_order_acquire);
  for (; count_ < 3 + gpus; ++count_) {
    const std::uint32_t gpu = count_ - 3;
    tracks_[count_] = {&s_.gpus[gpu]->lane, shm::LaneKind::gpu, gpu};
  }
  bool changed = false;
  for (std::uint32_t i = 0; i < count_; ++i) changed |= update(tracks_[i], nowNs);
  return changed;
}

bool Watchdog::update(Track& t, std::int64_t nowNs) {
  const nvml::Lane::View view = t.lane->view();
  const shm::Verdict before = t.verdict;
  if (view.call == nvml::Call::none || view.sequence != t.sequence) {
    t.call = view.call;
    t.sequence = view.sequence;
    t.sinceNs = nowNs;
    t.verdict = shm::Verdict::in_flight;
    return before != shm::Verdict::in_flight;
  }
  const std::int64_t waited = nowNs - t.sinceNs;
  t.verdict = waited >= deadlineNs(t.call)    ? shm::Verdict::stuck
              : waited >= slowAfterNs(t.call) ? shm::Verdict::slow
                                              : shm::Verdict::in_flight;
  return t.verdict != before;
}

void Watchdog::report(shm::WatchRecord& record) const {
  record.in_flight_count = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Track& t = tracks_[i];
    if (t.call == nvml::Call::none || t.verdict == shm::Verdict::in_flight) continue;
    const std::uint32_t tid = t.lane->tid();
    const proc::ThreadEvidence evidence = proc::readThreadEvidence(tid);
    shm::InFlightCall& out = record.in_flight[record.in_flight_count++];
    out.lane = t.kind;
    out.gpu_index = t.gpu;
    out.call = static_cast<std::uint32_t>(t.call);
    out.verdict = t.verdict;
    out.since_monotonic_ns = t.sinceNs;
    out.tid = tid;
    out.syscall_number = evidence.syscallNumber;
    out.thread_state = evidence.state;
    static_assert(sizeof out.wchan == sizeof evidence.wchan);
    std::memcpy(out.wchan, evidence.wchan, sizeof out.wchan);
  }
}

std::int64_t Watchdog::nextVerdictNs() const {
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Track& t = tracks_[i];
    if (t.call == nvml::Call::none || t.kind == shm::LaneKind::events || t.verdict == shm::Verdict::stuck) continue;
    const std::int64_t after = t.verdict == shm::Verdict::slow ? deadlineNs(t.call) : slowAfterNs(t.call);
    next = std::min(next, t.sinceNs + after);
  }
  return next;
}

std::uint32_t Watchdog::stuckLanes() const {
  std::uint32_t n = 0;
  for (std::uint32_t i = 0; i < count_; ++i)
    n += tracks_[i].call != nvml::Call::none && tracks_[i].verdict == shm::Verdict::stuck;
  return n;
}

}  // namespace gna
