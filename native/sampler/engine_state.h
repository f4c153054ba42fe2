#pragma once
// What the engine's threads share. Every thread holds a reference, so a thread that sleeps in the driver for ever
// never touches freed memory. No mutex: atomics and doorbells only, because a lock held by a thread that sleeps in the
// driver would be held for ever.

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock/clock.h"
#include "core/nvml/lane.h"
#include "core/nvml/library.h"
#include "core/shm/mapping.h"
#include "core/shm/segment.h"
#include "sampler/doorbell.h"
#include "sampler/options.h"

namespace gna {

/// What is done with an index of NVML, from one init to the next.
enum class IndexUse : std::uint8_t {
  none,      // the driver counts fewer GPUs
  leftOut,   // never looked up
  lookedUp,  // by the thread of this index
};

/// One GPU's side of the conversation between main, control, events and the GPU's own thread.
struct GpuSlot {
  explicit GpuSlot(shm::Word* statistics) : lane(statistics) {}
  nvml::Lane lane;
  Doorbell bell;
  std::atomic<std::uint64_t> assignedCycle{0};  // main writes
  std::atomic<std::uint64_t> doneCycle{0};      // GPU thread writes
  std::atomic<bool> parked{false};              // GPU thread: no handle, no call until the next generation
  std::atomic<bool> failing{false};             // GPU thread: every call of the last cycles answered 999
  std::atomic<nvml::Device> handle{nullptr};    // GPU thread writes, events thread compares
  std::atomic<std::uint32_t> suspectXid{0};     // events thread: 79, 119 or 120 came
  std::atomic<bool> migChanged{false};          // events thread
  std::atomic<bool> registered{false};          // GPU thread: events of this GPU go into the current set
  std::atomic<bool> settled{false};             // GPU thread: a cycle with a usable driver has ended, well or not
  std::atomic<bool> reading{false};             // GPU thread: it has a handle and reads each cycle
  std::atomic<bool> registering{false};         // GPU thread: may be using the current set's pointer
  std::atomic<IndexUse> use{IndexUse::none};    // control writes while nobody is inside the driver
};

/// Shared by all threads of one engine.
struct EngineState {
  EngineState(const EngineOptions& o, shm::Mapping own, shm::Mapping predecessor);
  ~EngineState();

  const EngineOptions options;
  std::unique_ptr<Clock> clock;
  shm::Mapping memory, carryMemory;  // live as long as the last thread that may touch them
  shm::Segment segment;
  shm::Segment carry;  // not valid() without a predecessor

  nvml::Library library;  // control thread opens it before the first generation; read-only afterwards
  nvml::Lane controlLane, eventsLane, hamiLane;
  Doorbell controlBell, eventsBell, hamiBell;

  std::atomic<std::uint64_t> generation{0};  // successful inits; 0 = driver not usable now
  std::atomic<std::uint32_t> driverMajor{0};
  std::atomic<bool> park{false};        // control: GPU threads let go of the driver
  std::atomic<bool> parkEvents{false};  // control, when those have: the events thread frees its set
  std::atomic<bool> eventsParked{true};
  std::atomic<bool> leaving{false};          // main: start no call any more
  std::atomic<std::uint32_t> reinitCode{0};  // NVML code that asks for a new init
  std::atomic<nvml::EventSet> eventSet{nullptr};
  std::atomic<std::uint64_t> eventSetNumber{0};  // tells sets apart: an address may come again
  std::atomic<bool> attempted{false};            // control: the first init attempt has ended

  std::array<std::unique_ptr<GpuSlot>, shm::kMaxGpus> gpus;  // filled by control, then counted in gpuSlots
  std::atomic<std::uint32_t> gpuSlots{0};

  // What control found out about this generation. Written while every GPU thread is parked, before `generation`.
  std::optional<std::vector<proc::PciAddress>> listed;  // of /proc/driver/nvidia/gpus
  std::vector<shm::GpuFixed> formers;                   // GPUs known from before, whose totals go on
  std::atomic<bool> misplaced{false};                   // GPU thread: an index was another GPU's than was expected
  // Control, at a recount: the driver counts fewer GPUs than at the last init, all of them lost ones. An index may mean
  // another GPU by now.
  std::atomic<bool> indexesMayHaveMoved{false};

  // GPU thread: it asks about pairs of GPUs. One at a time: a pair that does not come back, for whichever of the two,
  // costs the GPU whose thread asked and no other. Then it stays set, in successors too.
  std::atomic<bool> pairsAsked{false};
  std::atomic<std::uint64_t> onceProgress{0};  // GPU threads, with --once: grows when one of them knows more

  std::atomic<std::uint64_t> cycle{0};
  std::atomic<std::uint64_t> pending{0};  // cycle << 8 | GPUs that have not published yet
  std::atomic<bool> tickNow{false};       // control: do not wait for the next second
  std::atomic<std::uint32_t> threads{0};  // started and not ended
  int mainWakeFd = -1;                    // eventfd

  /// A GPU thread published its share of cycle `c`; wakes main when it was the last.
  void arrive(std::uint64_t c);
  /// Wakes the main thread.
  void wakeMain();
  /// Whether the GPU of an index is to be looked up by its thread.
  bool isLookedUp(std::uint32_t i) const { return gpus[i]->use.load(std::memory_order_acquire) == IndexUse::lookedUp; }
  /// Addresses of the GPUs that are lost, as they say of themselves; ascending.
  std::vector<proc::PciAddress> lostGpus() const;
  /// Asks control for a new init. The first reason stays.
  void requestReinit(nvml::Return code);
};

/// Thread bodies, one file each. They return when `leaving` is set and no call is in flight.
void controlThread(const std::shared_ptr<EngineState>& state);
void gpuThread(const std::shared_ptr<EngineState>& state, std::uint32_t gpuIndex);
void eventsThread(const std::shared_ptr<EngineState>& state);
void hamiThread(const std::shared_ptr<EngineState>& state);

/// Starts a detached thread with a name (≤ 15 characters) and all signals blocked. False when the system gives none.
bool startThread(const char* name, const std::shared_ptr<EngineState>& state,
                 void (*body)(const std::shared_ptr<EngineState>&));
bool startGpuThread(const std::shared_ptr<EngineState>& state, std::uint32_t gpuIndex);

}  // namespace gna
