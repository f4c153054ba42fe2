// CPU of a GPU's thread per cycle beyond its driver calls: what is gathered, and published to shared memory.
// Usage: cycle_cpu <libnvidia-ml.so.1 to load> <GPUs>. Prints one JSON object.
//
// Each cycle is measured by the thread's own CPU time and by the clock; where the two agree nobody else ran meanwhile,
// and the durations of its calls are CPU time too. Other cycles are left out.

#include <dlfcn.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/nvml/gpu_reader.h"
#include "core/shm/gpu_record.h"

using namespace gna;

namespace {

constexpr std::int64_t kDisturbedNs = 1'500;

std::int64_t threadCpuNs() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

struct Sums {
  std::uint64_t calls = 0, ns = 0;
};

Sums sumOf(const shm::Word* statistics) {
  Sums sums;
  for (std::size_t c = 0; c < nvml::kCallCount; ++c) {
    const shm::Word* row = statistics + c * shm::kWordsPerCall;
    for (std::size_t r = 0; r < shm::kResultSlots; ++r) sums.calls += row[r].load();
    sums.ns += row[shm::kResultSlots + shm::kDurationBuckets].load();
  }
  return sums;
}

double median(std::vector<double>& values) {
  if (values.empty()) return -1;
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// One GPU with all that its thread has.
struct Gpu {
  Gpu(nvml::Library& library, const Clock& clock, std::uint32_t index)
      : statistics(new shm::Word[shm::kLaneStatisticsWords]{}),
        words(new shm::Word[shm::SlotRing::wordsNeeded(shm::kGpuRecordBytes / 8)]{}),
        lane(statistics.get()),
        ring(words.get(), shm::kGpuRecordBytes / 8),
        reader(library, lane, clock, index) {}
  std::unique_ptr<shm::Word[]> statistics, words;
  nvml::Lane lane;
  shm::SlotRing ring;
  nvml::GpuReader reader;
};

struct Result {
  std::vector<double> beyondUs, callsUs, calls;
  int disturbed = 0;
};

// All GPUs in turn, so that one finds the caches as the others left them; then nothing for a while.
Result measure(std::vector<std::unique_ptr<Gpu>>& gpus, int rounds, std::int64_t pauseNs, std::uint64_t& cycle) {
  Result result;
  for (int round = 0; round < rounds; ++round) {
    const timespec pause{0, pauseNs};
    if (pauseNs > 0) nanosleep(&pause, nullptr);
    ++cycle;
    for (auto& gpu : gpus) {
      const Sums before = sumOf(gpu->statistics.get());
      const std::int64_t wall = Clock::kernelMonotonicNs(), cpu = threadCpuNs();
      gpu->reader.readCycle(cycle);
      shm::publishGpu(gpu->ring, gpu->reader.record(), gpu->reader.lists());
      const std::int64_t used = threadCpuNs() - cpu, took = Clock::kernelMonotonicNs() - wall;
      const Sums after = sumOf(gpu->statistics.get());
      if (took - used > kDisturbedNs) {
        ++result.disturbed;
        continue;
      }
      result.callsUs.push_back(static_cast<double>(after.ns - before.ns) / 1000);
      result.beyondUs.push_back(static_cast<double>(used) / 1000 - result.callsUs.back());
      result.calls.push_back(static_cast<double>(after.calls - before.calls));
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "expected a library and a number of GPUs\n"), 2;
  std::uint32_t count = 0;
  const std::string_view text = argv[2];
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code != std::errc{} || end != text.data() + text.size() || count == 0 || count > shm::kMaxGpus)
    return std::fprintf(stderr, "expected a number of GPUs, got %s\n", argv[2]), 2;
  nvml::Library library;
  std::string report;
  if (!library.open({argv[1], {}}, report)) return std::fprintf(stderr, "%s\n", report.c_str()), 1;
  library.get<nvml::Return (*)(std::uint32_t)>(nvml::Call::InitWithFlags)(3);
  Clock clock;
  std::vector<std::unique_ptr<Gpu>> gpus;
  std::uint64_t cycle = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    gpus.push_back(std::make_unique<Gpu>(library, clock, i));
    if (!gpus.back()->reader.attach(1, 580)) return std::fprintf(stderr, "GPU %u cannot be attached\n", i), 1;
  }
  measure(gpus, 50, 0, cycle);
  Result warm = measure(gpus, 400, 0, cycle), cold = measure(gpus, 150, 50'000'000, cycle);
  std::printf(
      "{\"warm_us\":%.2f,\"cold_us\":%.2f,\"cold_calls_us\":%.2f,\"calls\":%.0f,\"cycles\":%zu,\"disturbed\":%d}\n",
      median(warm.beyondUs), median(cold.beyondUs), median(cold.callsUs), median(cold.calls),
      warm.beyondUs.size() + cold.beyondUs.size(), warm.disturbed + cold.disturbed);
}
