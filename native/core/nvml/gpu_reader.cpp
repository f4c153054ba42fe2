#include "core/nvml/gpu_reader.h"

#include <cstring>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kIdentityEveryNs = 3600 * kSecondNs;
constexpr std::int64_t kMinuteNs = 60 * kSecondNs;
}  // namespace

GpuReader::GpuReader(const Library& library, Lane& lane, const Clock& clock, std::uint32_t gpuIndex)
    : library_(library), lane_(lane), clock_(clock), gpuIndex_(gpuIndex) {
  samples_.resize(160);  // the ring holds roughly a hundred
  clearReadings(reading_status::kNotAsked);
}

void GpuReader::carry(const shm::GpuFixed& predecessor) {
  carried_ = predecessor;
  haveCarried_ = true;
}

void GpuReader::set(Reading r, double value) {
  record_.readings[gna::index(r)] = value;
  record_.status[gna::index(r)] = reading_status::kPresent;
}

void GpuReader::absent(Reading r, std::uint8_t status) { record_.status[gna::index(r)] = status; }

void GpuReader::clearReadings(std::uint8_t status) {
  std::memset(record_.status, status, sizeof record_.status);
  mig_.clear();
  migHandles_.clear();
  processes_.clear();
  record_.mig_count = record_.process_count = record_.process_total = 0;
}

bool GpuReader::ok(Return r) {
  if (isDeviceFatal(r)) fatal_ = r;
  if (isDriverWide(r)) driverCode_ = r;
  if (r == kErrorUnknown) ++unknowns_;
  if (r == kErrorInvalidArgument) ++invalids_;
  return r == kSuccess;
}

bool GpuReader::attach(std::uint64_t generation, std::uint32_t driverMajor) {
  fatal_ = driverCode_ = kSuccess;
  driverMajor_ = driverMajor;
  record_.generation = generation;
  lane_.beginBatch();
  Gather gather{*this};
  Return code = gather.call(Call::DeviceGetHandleByIndex_v2, gpuIndex_, &handle_);
  if (code == kNoSuchSymbol || code == kErrorFunctionNotFound)
    code = gather.call(Call::DeviceGetHandleByIndex, gpuIndex_, &handle_);
  if (code != kSuccess || !handle_) {
    lane_.idle();
    detach(code == kErrorGpuIsLost ? shm::GpuState::lost : shm::GpuState::failed, code);
    return false;
  }
  dormant_.reset();
  identityDueNs_ = minuteDueNs_ = migDueNs_ = 0;
  processVariant_ = {};
  processStride_ = {};
  record_.state = shm::GpuState::attaching;
  record_.state_code = 0;
  return true;
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
  if (gather.identityRound) {
    dormant_.reset();
    identityDueNs_ = now + kIdentityEveryNs;
    gather.identity();
    ++record_.identity_version;
    if (haveCarried_ && record_.uuid[0] != 0) {
      if (std::strncmp(carried_.uuid, record_.uuid, sizeof record_.uuid) == 0) {
        integrator_.restore({carried_.samples_last_seen_us, carried_.busy_ns, carried_.observed_ns});
        // The predecessor's scale: a clock step between the two processes is still a step.
        integrator_.observeClock(carried_.realtime_minus_monotonic_ns);
      }
      haveCarried_ = false;
    }
  }
  if (gather.minuteRound) minuteDueNs_ = now + kMinuteNs;

  gather.memory();
  gather.utilization();
  gather.scalars();
  gather.temperature();
  gather.fields();
  gather.processLists();
  if (now >= migDueNs_) {
    migDueNs_ = now + kMinuteNs;
    gather.minuteRound = true;
    gather.migDevices();
  }
  gather.migMemory();
  lane_.idle();

  record_.cycle = cycle;
  record_.mig_count = mig_.size();
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

bool GpuReader::probe() {
  fatal_ = driverCode_ = kSuccess;
  if (!handle_) return false;
  lane_.beginBatch();
  Gather gather{*this};
  std::uint32_t state = 0;
  const Return code = gather.call(Call::DeviceGetPerformanceState, handle_, &state);
  lane_.idle();
  return code == kSuccess || code == kErrorNotSupported;
}

}  // namespace gna::nvml
