#include "library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "branch.h"

namespace simulator {
namespace {

/// The node's directory: the library lies in its `driver/`.
std::string findNodeDirectory() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&findNodeDirectory), &info) == 0 || info.dli_fname == nullptr) return {};
  char resolved[PATH_MAX];
  // A library that was replaced while mapped keeps the path it was opened by; its directory is the node's still.
  const std::string path = realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname;
  const auto file = path.rfind('/');
  if (file == std::string::npos || file == 0) return {};
  const auto directory = path.rfind('/', file - 1);
  return directory == std::string::npos ? std::string{} : path.substr(0, directory);
}

Return errorOfOpen() { return errno == EACCES || errno == EPERM ? kNoPermission : kOperatingSystem; }

}  // namespace

Library& Library::instance() {
  static Library* const library = new Library(findNodeDirectory());
  return *library;
}

Library::Library(const std::string& nodeDirectory)
    : statePath_(nodeDirectory + "/state"),
      devDirectory_(nodeDirectory + "/host/dev"),
      journal_(statePath_),
      clock_(nodeDirectory + "/clock") {
  if (!journal_.valid()) return;
  gpuNodes_.assign(journal_.gpus(), -1);
  for (std::uint32_t place = 0; place < journal_.scenarioEntries() && !hasRecordedAnswers_; ++place) {
    const Entry* entry = journal_.at(place);
    hasRecordedAnswers_ = entry != nullptr && entry->kind >= EntryKind::RecordedAnswer;
  }
}

std::shared_ptr<const View> Library::lastView() {
  const std::lock_guard lock(lastViewMutex_);
  return lastView_;
}

std::shared_ptr<const View> Library::view() {
  std::shared_ptr<const View> current = lastView();
  if (current && current->journalLength == journal_.length()) return current;
  const std::lock_guard replaying(replayMutex_);
  current = lastView();
  if (current && current->journalLength == journal_.length()) return current;
  current = replay(journal_);
  const std::lock_guard lock(lastViewMutex_);
  lastView_ = current;
  return current;
}

Return Library::initialise(InitOptions options) {
  if (!hasNode()) return kDriverNotLoaded;
  const std::lock_guard lock(lifecycleMutex_);
  const auto now = view();
  if (!now->driverLoaded) return kDriverNotLoaded;
  if (now->moduleBranch != kBranch.name) return kLibraryMismatch;
  if (initialisations_.load() == 0) {
    if (now->enumerated().empty() && !options.acceptNoGpus) return kNotFound;
    {
      const std::lock_guard nodes(nodesMutex_);
      controlNode_ = open((devDirectory_ + "/nvidiactl").c_str(), O_RDWR | O_CLOEXEC);
      if (controlNode_ < 0) return errno == ENOENT ? kDriverNotLoaded : errorOfOpen();
    }
    moduleGeneration_.store(now->moduleGeneration);
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }
  if (options.attachGpus) {
    for (const std::uint32_t gpu : now->enumerated()) {
      const bool lost = now->gpus[gpu].lost;
      const Return attached =
          lost ? kGpuIsLost : attach(gpu, now->gpus[gpu].attributes.number(Attribute::minorNumber).value_or(gpu));
      if (attached != kSuccess && options.requireEveryGpu) {
        if (initialisations_.load() == 0) closeNodes();
        return attached;
      }
    }
  }
  initialisations_.fetch_add(1, std::memory_order_acq_rel);
  return kSuccess;
}

Return Library::shutdown() {
  const std::lock_guard lock(lifecycleMutex_);
  const std::uint32_t count = initialisations_.load(std::memory_order_acquire);
  // One shutdown too many is no error; without any init before there was nothing to shut down.
  if (count == 0) return generation_.load() == 0 ? kUninitialized : kSuccess;
  initialisations_.store(count - 1, std::memory_order_release);
  if (count > 1) return kSuccess;
  while (callsInFlight_.load(std::memory_order_acquire) != 0) {
    const timespec moment{0, 500'000};
    nanosleep(&moment, nullptr);
  }
  closeNodes();
  return kSuccess;
}

Return Library::attach(std::uint32_t gpu, std::uint64_t minorNumber) {
  const std::lock_guard lock(nodesMutex_);
  if (gpuNodes_[gpu] >= 0) return kSuccess;
  gpuNodes_[gpu] = open((devDirectory_ + "/nvidia" + std::to_string(minorNumber)).c_str(), O_RDWR | O_CLOEXEC);
  return gpuNodes_[gpu] >= 0 ? kSuccess : errorOfOpen();
}

Return Library::readiness(const View& view) const {
  if (initialisations_.load(std::memory_order_acquire) == 0) return kUninitialized;
  if (!view.driverLoaded) return kDriverNotLoaded;
  if (view.moduleGeneration != moduleGeneration_.load(std::memory_order_acquire)) return kUnknown;
  return kSuccess;
}

void Library::closeNodes() {
  const std::lock_guard lock(nodesMutex_);
  for (int& node : gpuNodes_) {
    if (node >= 0) close(node);
    node = -1;
  }
  if (controlNode_ >= 0) close(controlNode_);
  controlNode_ = -1;
}

}  // namespace simulator
