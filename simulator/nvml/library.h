// The library as a process sees it: initialised how often, which device nodes it holds open, which calls are under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "abi.h"
#include "clock.h"
#include "journal.h"
#include "view.h"

namespace simulator {

/// How an initialisation treats the GPUs.
struct InitOptions {
  bool acceptNoGpus;
  bool attachGpus;
  /// The oldest init fails when one GPU does.
  bool requireEveryGpu;
};

class Library {
 public:
  /// The one library of this process; never destroyed, because threads may still be inside a call at exit.
  static Library& instance();

  /// Opens the device nodes at the first of nested initialisations.
  Return initialise(InitOptions options);
  /// Ends one initialisation; the last one waits for the calls under way, as the driver's does, then closes the nodes.
  Return shutdown();

  /// The node now. Only callable where `hasNode()`.
  std::shared_ptr<const View> view();
  bool hasNode() const { return journal_.valid(); }
  /// Whether the scenario came from a capture with answers that its attributes cannot say.
  bool hasRecordedAnswers() const { return hasRecordedAnswers_; }
  const Journal& journal() const { return journal_; }
  const Clock& clock() const { return clock_; }
  const std::string& statePath() const { return statePath_; }

  /// Opens the GPU's device node if it is not open yet. kNoPermission or kOperatingSystem where that fails.
  Return attach(std::uint32_t gpu, std::uint64_t minorNumber);

  /// kUninitialized, kDriverNotLoaded or kUnknown where calls cannot be answered.
  Return readiness(const View& view) const;
  /// Counts initialisations that opened the driver: part of every handle.
  std::uint32_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Marks a call as under way for as long as it lives.
  class CallInFlight {
   public:
    explicit CallInFlight(Library& library) : library_(library) {
      library_.callsInFlight_.fetch_add(1, std::memory_order_acq_rel);
    }
    ~CallInFlight() { library_.callsInFlight_.fetch_sub(1, std::memory_order_acq_rel); }
    CallInFlight(const CallInFlight&) = delete;
    CallInFlight& operator=(const CallInFlight&) = delete;

   private:
    Library& library_;
  };

 private:
  explicit Library(const std::string& nodeDirectory);
  void closeNodes();
  /// The view last made, however old; nothing before the first.
  std::shared_ptr<const View> lastView();

  const std::string statePath_;
  const std::string devDirectory_;
  const Journal journal_;
  const Clock clock_;
  bool hasRecordedAnswers_ = false;

  // Two locks: who replays a grown journal holds up others who need the new view, and nobody else. The pointer is not
  // an atomic one: libc++ has none.
  std::mutex replayMutex_;
  std::mutex lastViewMutex_;
  std::shared_ptr<const View> lastView_;

  std::mutex lifecycleMutex_;
  std::atomic<std::uint32_t> initialisations_{0};
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<std::uint32_t> moduleGeneration_{0};
  std::atomic<std::uint32_t> callsInFlight_{0};

  std::mutex nodesMutex_;
  int controlNode_ = -1;
  std::vector<int> gpuNodes_;
};

}  // namespace simulator
