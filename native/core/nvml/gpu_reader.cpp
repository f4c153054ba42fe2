#include "core/nvml/gpu_reader.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "core/nvml/driver_answers.h"
#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kIdentityEveryNs = 3600 * kSecondNs;
constexpr std::int64_t kIdentityAgainNs = 5 * kSecondNs;  // after a passing error, then twice as long each time
constexpr std::int64_t kMinuteNs = 60 * kSecondNs;
constexpr std::int64_t kMediumNs = 10 * kSecondNs;
}  // namespace

GpuReader::GpuReader(const Library& library, Lane& lane, const Clock& clock, std::uint32_t gpuIndex,
                     const std::atomic<bool>* stop, Detail detail)
    : library_(library), lane_(lane), clock_(clock), gpuIndex_(gpuIndex), stop_(stop), detail_(detail) {
  useSamples_.resize(64);
  samples_.resize(160);  // the ring holds roughly a hundred
  clearReadings(reading_status::kNotAsked);
}

bool readCarried(const shm::Segment& predecessor, std::uint32_t i, shm::GpuFixed& out) {
  std::uint64_t words[sizeof out / 8];
  if (predecessor.gpu(i).read(words, std::size(words)) < std::size(words)) return false;
  std::memcpy(static_cast<void*>(&out), words, sizeof out);
  out.uuid[sizeof out.uuid - 1] = 0;
  out.pci_bus_id[sizeof out.pci_bus_id - 1] = 0;
  return true;
}

void GpuReader::begin(const shm::GpuFixed& base, const std::vector<shm::GpuFixed>& formers) {
  formers_ = &formers;
  record_ = base;
  record_.state = shm::GpuState::attaching;
  record_.state_code = record_.excluded_in_doubt = 0;
  clearReadings(reading_status::kNotAsked);
  goOnFrom(base);
}

void GpuReader::goOnFrom(const shm::GpuFixed& former) {
  // The predecessor's clock scale first: a step between the two processes is still a step.
  integrator_.observeClock(former.realtime_minus_monotonic_ns);
  integrator_.restore({former.samples_last_seen_us, former.busy_ns, former.observed_ns});
  layout_.restore(
      {former.mig_layout_settled, former.mig_layout_seen, former.mig_layout_since_ns, former.mig_layout_changes});
}

void GpuReader::continueTotals(const char* formerUuid) {
  if (record_.uuid[0] == 0 || std::strcmp(formerUuid, record_.uuid) == 0) return;
  // Another GPU came to this index (a driver reload can reorder them): its totals are not ours to go on from.
  if (formerUuid[0] != 0) {
    integrator_.restore({});
    layout_.restore({});
  }
  if (!formers_) return;
  for (const shm::GpuFixed& former : *formers_)
    if (std::strcmp(former.uuid, record_.uuid) == 0) return goOnFrom(former);
}

void GpuReader::set(Reading r, double value) { record_.readings.set(r, value); }

void GpuReader::absent(Reading r, std::uint8_t status) { record_.readings.absent(r, status); }

void GpuReader::clearReadings(std::uint8_t status) {
  record_.readings.forget(status);
  record_.fabric_cluster_uuid[0] = 0;
  lists_.clear();
  migHandles_.clear();
  migDormant_.clear();
  migListed_ = false;
  accounts_.pause();
  linkDormant_.clear();
  c2cDormant_.clear();
  fanDormant_.clear();
  peersAsked_.reset();
  peersToRetry_.reset();
  record_.process_total = 0;
}

void GpuReader::note(Return r) {
  if (isDeviceFatal(r)) fatal_ = r;
  if (isDriverWide(r) && driverCode_ == kSuccess && !driverAnswers(library_, lane_)) driverCode_ = r;
  if (r == kErrorUnknown) ++unknowns_;
  if (r == kErrorInvalidArgument) ++invalids_;
}

Return GpuReader::lookUp(By by) {
  Gather gather{*this};
  if (by == By::address)
    return gather.call(Call::DeviceGetHandleByPciBusId_v2, static_cast<const char*>(record_.pci_bus_id), &handle_);
  const Return code = gather.call(Call::DeviceGetHandleByIndex_v2, gpuIndex_, &handle_);
  if (!isOlderDriver(code)) return code;
  return gather.call(Call::DeviceGetHandleByIndex, gpuIndex_, &handle_);
}

bool GpuReader::attach(std::uint64_t generation, std::uint32_t driverMajor, By by) {
  fatal_ = driverCode_ = kSuccess;
  driverMajor_ = driverMajor;
  record_.generation = generation;
  lane_.beginBatch();
  Return code = lookUp(by);
  if (code != kSuccess || !handle_) {
    lane_.idle();
    if (code == kNoSuchSymbol) code = kErrorFunctionNotFound;
    detach(code == kErrorGpuIsLost ? shm::GpuState::lost : shm::GpuState::failed, code);
    return false;
  }
  wake();
  identityDueNs_ = minuteDueNs_ = mediumDueNs_ = migDueNs_ = 0;
  identityAgainNs_ = kIdentityAgainNs;
  useLastSeenUs_ = 0;
  gpm_.olderNs = 0;
  laneErrors_ = {};
  record_.state = shm::GpuState::attaching;
  record_.state_code = 0;
  return true;
}

/// What was not there, or not supported, is asked again.
void GpuReader::wake() {
  dormant_.wakeAll();
  for (auto& dormant : linkDormant_) dormant.wakeAll();
  for (auto& dormant : c2cDormant_) dormant.wakeAll();
  for (auto& dormant : migDormant_) dormant = {};
  refused_ = {};
  processVariant_ = {};
  processStride_ = {};  // of another form of the list
  oldProcessUse_ = false;
  migProfilesKnown_ = false;
  peersAsked_.reset();
  migRefused_ = kSuccess;
}

void GpuReader::giveBack() {
  fatal_ = driverCode_ = kSuccess;
  lane_.beginBatch();
  Gather{*this}.freeSamples();
  lane_.idle();
}

void GpuReader::detach(shm::GpuState state, Return code) {
  handle_ = nullptr;
  clearReadings(reading_status::kNotAsked);
  record_.state = state;
  record_.state_code = code;
}

CycleVerdict GpuReader::readCycle(std::uint64_t cycle) {
  fatal_ = driverCode_ = kSuccess;
  calls_ = unknowns_ = invalids_ = 0;
  const std::int64_t now = clock_.monotonicNs();
  lane_.beginBatch();
  const std::int64_t startedNs = Clock::kernelMonotonicNs();

  Gather gather{*this};
  gather.identityRound = now >= identityDueNs_;
  gather.minuteRound = now >= minuteDueNs_;
  gather.mediumRound = now >= mediumDueNs_;
  if (gather.minuteRound) peersAsked_ &= ~peersToRetry_;
  if (gather.identityRound) {
    wake();
    identityDueNs_ = now + kIdentityEveryNs;
    identityIncomplete_ = false;
    char former[sizeof record_.uuid];
    std::memcpy(former, record_.uuid, sizeof former);
    gather.identity();
    ++record_.identity_version;
    continueTotals(former);
  }
  if (gather.minuteRound) minuteDueNs_ = now + kMinuteNs;
  if (gather.mediumRound) mediumDueNs_ = now + kMediumNs;

  gather.memory();
  gather.utilization();
  gather.scalars();
  gather.temperature();
  gather.media();
  gather.platform();
  gather.fields();
  gather.sramErrors();
  gather.spareRows();
  gather.repairs();
  gather.fabric();
  gather.links();
  gather.fans();
  gather.activity();
  gather.processLists();
  gather.processUse();
  gather.processAccounts();
  if (now >= migDueNs_ || gather.identityRound) {
    migDueNs_ = now + kMinuteNs;
    gather.minuteRound = true;
    gather.migDevices();
  }
  gather.migLayout(now);
  gather.migMemory();
  gather.migActivity();
  lane_.idle();
  if (gather.identityRound) planIdentity(now);

  record_.cycle = cycle;
  record_.gather_duration_ns = Clock::kernelMonotonicNs() - startedNs;
  if (fatal_ != kSuccess) {
    detach(fatal_ == kErrorGpuIsLost ? shm::GpuState::lost : shm::GpuState::failed, fatal_);
  } else if (driverCode_ != kSuccess) {
    detach(shm::GpuState::attaching, driverCode_);
  } else if (calls_ > 0 && invalids_ == calls_) {
    detach(shm::GpuState::attaching, kErrorInvalidArgument);  // a stale handle: look it up again
  } else {
    record_.gathered_monotonic_ns = clock_.monotonicNs();
    record_.gathered_realtime_ns = clock_.realtimeNs();
    record_.state = shm::GpuState::up;
    record_.state_code = 0;
  }
  return {driverCode_, calls_ > 0 && unknowns_ == calls_, calls_};
}

/// An error that passed is made good soon; one that stays costs less and less.
void GpuReader::planIdentity(std::int64_t now) {
  if (!identityIncomplete_) {
    identityAgainNs_ = kIdentityAgainNs;
    return;
  }
  identityDueNs_ = now + identityAgainNs_;
  identityAgainNs_ = std::min(2 * identityAgainNs_, kIdentityEveryNs);
}

void GpuReader::suspect() {
  clearReadings(reading_status::kNotAsked);
  record_.state = shm::GpuState::probing;
}

bool GpuReader::probe() {
  fatal_ = driverCode_ = kSuccess;
  if (!handle_) return false;
  lane_.beginBatch();
  Gather gather{*this};
  std::uint32_t state = 0;
  const Return code = gather.call(Call::DeviceGetPerformanceState, handle_, &state);
  lane_.idle();
  if (fatal_ != kSuccess) detach(fatal_ == kErrorGpuIsLost ? shm::GpuState::lost : shm::GpuState::failed, fatal_);
  return code == kSuccess || code == kErrorNotSupported;
}

}  // namespace gna::nvml
