// What one look at one usage file costs when everything is warm: files of layout 1.2 with two devices and two
// processes, 1, 100 and 1000 containers. Prints nanoseconds per file and sample (looking again at known files), per
// file and sweep (listing as well), and for encoding and decoding the result. Linked with
// test/native/{hami_generator,temporary_tree}.cpp and out/native/libcore.a.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "core/hami/encoding.h"
#include "core/hami/sweep.h"
#include "hami_example.h"
#include "temporary_tree.h"

namespace {

std::int64_t nowNs(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Median over rounds of a function's wall time and CPU time per file.
template <typename F>
void measure(const char* what, int files, F&& round) {
  const int rounds = std::clamp(20'000 / files, 20, 4'000);
  std::vector<std::int64_t> wall, cpu;
  for (int i = 0; i < rounds; ++i) {
    const std::int64_t w = nowNs(CLOCK_MONOTONIC), c = nowNs(CLOCK_THREAD_CPUTIME_ID);
    round();
    cpu.push_back(nowNs(CLOCK_THREAD_CPUTIME_ID) - c);
    wall.push_back(nowNs(CLOCK_MONOTONIC) - w);
  }
  std::sort(wall.begin(), wall.end());
  std::sort(cpu.begin(), cpu.end());
  std::printf("%5d files  %-8s %7lld ns per file (median of %d), CPU %7lld ns, p99 %7lld ns\n", files, what,
              static_cast<long long>(wall[wall.size() / 2] / files), rounds,
              static_cast<long long>(cpu[cpu.size() / 2] / files),
              static_cast<long long>(wall[wall.size() * 99 / 100] / files));
}

void bench(int files) {
  const gna::test::TemporaryTree tree;
  for (int i = 0; i < files; ++i) {
    gna::test::GeneratedRegion region = gna::test::exampleRegion(gna::test::Generation::v1_2);
    region.processes.resize(2);
    const std::string name = "0f9b6c1e-3d55-4a8e-8b1f-" + std::to_string(100000000000 + i) + "_train";
    gna::test::writeRegion(tree.makeDirectory("r/" + name) + "/4c9f6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1.cache", region);
  }
  gna::hami::Sweeper sweeper({tree / "r"});
  std::int64_t now = 1;
  sweeper.sweep(now);
  for (const auto* c : sweeper.view().containers) {
    if (c->refusal != gna::hami::Refusal::none || c->usage.devices.size() != 2) {
      std::printf("not read: %s\n", std::string(gna::hami::refusalCode(c->refusal)).c_str());
      return;
    }
  }
  measure("sample", files, [&] { sweeper.sample(now += 200'000'000); });
  measure("sweep", files, [&] { sweeper.sweep(now += 200'000'000); });
  std::vector<std::uint64_t> room(gna::hami::wordsWanted(sweeper.view()));
  measure("encode", files, [&] { gna::hami::encode(sweeper.view(), room); });
  gna::hami::DecodedSweep decoded;
  measure("decode", files, [&] { gna::hami::decode(room, decoded); });
}

}  // namespace

int main() {
  for (const int files : {1, 100, 1000}) bench(files);
}
