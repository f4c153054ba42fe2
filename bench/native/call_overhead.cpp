// What the watch costs: a call through a lane, and a whole GPU cycle, against a bare loop with the same calls.
// Usage: call_overhead <libnvidia-ml.so.1 to load>. Prints one JSON object.

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "core/nvml/gpu_reader.h"

using namespace gna;

namespace {

constexpr int kRounds = 15, kCalls = 20'000;

// Best of several rounds: the machine is shared, the fastest round is the one nobody disturbed.
template <typename F>
double bestNs(int repeats, F&& body) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::kernelMonotonicNs();
    for (int i = 0; i < repeats; ++i) body();
    best = std::min(best, static_cast<double>(Clock::kernelMonotonicNs() - start) / repeats);
  }
  return best;
}

using AnyCall = nvml::Return (*)(void*, void*, void*, void*, void*, void*);

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "expected the library to load as the only argument\n"), 2;
  nvml::Library library;
  std::string report;
  if (!library.open({argv[1], {}}, report)) return std::fprintf(stderr, "%s\n", report.c_str()), 1;

  alignas(64) static unsigned char scratch[6][8192];
  nvml::Device device = nullptr;
  if (auto init = library.get<nvml::Return (*)(std::uint32_t)>(nvml::Call::InitWithFlags)) init(3);
  library.get<nvml::Return (*)(std::uint32_t, nvml::Device*)>(nvml::Call::DeviceGetHandleByIndex_v2)(0, &device);

  // One call.
  using Getter = nvml::Return (*)(nvml::Device, std::uint32_t*);
  const auto power = library.get<Getter>(nvml::Call::DeviceGetPowerUsage);
  auto statistics = std::make_unique<shm::Word[]>(shm::kLaneStatisticsWords);
  nvml::Lane plain, timed(statistics.get());
  std::uint32_t out = 0;
  const double bare = bestNs(kCalls, [&] { power(device, &out); });
  const double watched = bestNs(kCalls, [&] { plain.run(nvml::Call::DeviceGetPowerUsage, power, device, &out); });
  timed.beginBatch();
  const double measured = bestNs(kCalls, [&] { timed.run(nvml::Call::DeviceGetPowerUsage, power, device, &out); });

  // A whole cycle, and the very calls of it in a bare loop.
  Clock clock;
  std::fill_n(reinterpret_cast<std::uint64_t*>(statistics.get()), shm::kLaneStatisticsWords, 0);
  nvml::Lane lane(statistics.get());
  nvml::GpuReader reader(library, lane, clock, 0);
  reader.attach(1, 580);
  reader.readCycle(1);
  std::vector<std::uint64_t> before(nvml::kCallCount), calls(nvml::kCallCount);
  auto countCalls = [&](std::vector<std::uint64_t>& to) {
    for (std::size_t c = 0; c < nvml::kCallCount; ++c) {
      to[c] = 0;
      for (std::size_t r = 0; r < shm::kResultSlots; ++r) to[c] += statistics[c * shm::kWordsPerCall + r].load();
    }
  };
  reader.readCycle(2);
  countCalls(before);
  reader.readCycle(3);
  countCalls(calls);
  std::vector<AnyCall> same;
  for (std::size_t c = 0; c < nvml::kCallCount; ++c)
    for (std::uint64_t n = before[c]; n < calls[c]; ++n)
      same.push_back(library.get<AnyCall>(static_cast<nvml::Call>(c)));
  const auto bareCalls = [&] {
    for (AnyCall call : same) call(device, scratch[1], scratch[2], scratch[3], scratch[4], scratch[5]);
  };
  const int repeats = bestNs(1, bareCalls) > 50'000 ? 50 : 2000;  // a library that works needs no more
  const double bareCycle = bestNs(repeats, bareCalls);
  const double cycle = bestNs(repeats, [&] { reader.readCycle(4); });

  std::printf(
      "{\"call_bare_ns\":%.2f,\"call_watched_ns\":%.2f,\"call_measured_ns\":%.2f,\"cycle_calls\":%zu,"
      "\"cycle_bare_ns\":%.0f,\"cycle_ns\":%.0f}\n",
      bare, watched, measured, same.size(), bareCycle, cycle);
}
