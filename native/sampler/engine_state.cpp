#include "sampler/engine_state.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>
#include <thread>

#include "core/nvml/gpu_reader.h"

namespace gna {

EngineState::EngineState(const EngineOptions& o, shm::Mapping own, shm::Mapping predecessor)
    : options(o),
      memory(std::move(own)),
      carryMemory(std::move(predecessor)),
      segment(memory.address()),
      carry(carryMemory.address()),
      controlLane(segment.statistics(0)),
      eventsLane(segment.statistics(1)),
      hamiLane(segment.statistics(2)),
      mainWakeFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

EngineState::~EngineState() {
  if (mainWakeFd >= 0) close(mainWakeFd);
}

void EngineState::wakeMain() {
  const std::uint64_t one = 1;
  // A full counter means main has been woken already.
  [[maybe_unused]] const ssize_t n = write(mainWakeFd, &one, sizeof one);
}

void EngineState::arrive(std::uint64_t c) {
  std::uint64_t p = pending.load(std::memory_order_acquire);
  while (p >> 8 == c && (p & 0xFF) != 0)
    if (pending.compare_exchange_weak(p, p - 1, std::memory_order_acq_rel)) {
      if ((p & 0xFF) == 1) wakeMain();
      return;
    }
}

std::vector<proc::PciAddress> EngineState::lostGpus() const {
  std::vector<proc::PciAddress> lost;
  const std::uint32_t n = gpuSlots.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < n; ++i) {
    shm::GpuFixed record;
    if (!isLookedUp(i) || !nvml::readCarried(segment, i, record) || record.state != shm::GpuState::lost) continue;
    if (const auto address = proc::parsePciAddress(record.pci_bus_id)) lost.push_back(*address);
  }
  std::sort(lost.begin(), lost.end());
  return lost;
}

void EngineState::requestReinit(nvml::Return code) {
  std::uint32_t none = 0;
  if (reinitCode.compare_exchange_strong(none, code, std::memory_order_acq_rel)) controlBell.ring();
}

namespace {

// Signals belong to the main thread (or to whoever hosts the engine): a driver thread must never run a handler.
template <typename Body>
bool startDetached(const char* name, const std::shared_ptr<EngineState>& state, Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  state->threads.fetch_add(1);
  bool started = true;
  try {
    std::thread thread([state, body]() mutable {
      try {
        body(state);
      } catch (const std::exception& e) {
        // Out of memory, say. This thread's readings grow old and are named stale; nobody else ends with it.
        std::fprintf(stderr, "gpu-node-sampler: a thread ended: %s\n", e.what());
      }
      state->threads.fetch_sub(1);
      state->wakeMain();
    });
    pthread_setname_np(thread.native_handle(), name);
    thread.detach();
  } catch (const std::system_error&) {
    state->threads.fetch_sub(1);
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace

bool startThread(const char* name, const std::shared_ptr<EngineState>& state,
                 void (*body)(const std::shared_ptr<EngineState>&)) {
  return startDetached(name, state, body);
}

bool startGpuThread(const std::shared_ptr<EngineState>& state, std::uint32_t gpuIndex) {
  char name[16];
  std::snprintf(name, sizeof name, "gpu %u", gpuIndex);
  return startDetached(name, state, [gpuIndex](const std::shared_ptr<EngineState>& s) { gpuThread(s, gpuIndex); });
}

}  // namespace gna
