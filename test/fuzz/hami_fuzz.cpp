// Fuzz target of the HAMi reader. The first byte chooses: even, the rest is damage done to a usage file of one of the
// five layouts, which is then read through the same door as in production; odd, the rest are words for the decoder of
// the encoded sweep.
//
//   libFuzzer: clang++ -g -O1 -std=c++20 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Inative
//              -Itest/native test/fuzz/hami_fuzz.cpp test/native/hami_generator.cpp native/core/hami/*.cpp
//              -o out/fuzz/hami_fuzz          run: out/fuzz/hami_fuzz -max_total_time=60 -max_len=4096 <corpus folder>
//   g++: the same with -DGNA_FUZZ_STANDALONE and -fsanitize=address,undefined
//              run: out/fuzz/hami_fuzz <seconds> [<corpus folder>]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/hami/encoding.h"
#include "core/hami/uuid_text.h"
#include "hami_example.h"

namespace {

using namespace gna::hami;
using gna::test::exampleRegion;
using gna::test::kGenerations;
using gna::test::offsetsOf;

// A broken promise ends the run like a crash does.
void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

void checkFile(const FileUsage& u) {
  promise(u.devices.size() <= kMaxDevices, "at most 16 devices");
  promise(u.slotsTotal <= kMaxSlots && u.slotsCounted <= u.slotsTotal, "slot counts in range");
  promise(u.processes.size() <= kMaxListedProcesses && u.cells.size() <= kMaxListedCells, "lists bounded");
  for (const DeviceUsage& d : u.devices) promise(isUuidText(d.uuidText()) && d.index < kMaxDevices, "device identity");
  for (const ProcessUsage& p : u.processes) {
    promise(p.firstCell + p.cellCount <= u.cells.size(), "cells of a process exist");
  }
}

// One healthy file per layout on disk, damaged and repaired for every input.
class Playground {
 public:
  Playground() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gna-fuzz-XXXXXX").string();
    if (!mkdtemp(pattern.data())) std::abort();
    path_ = pattern;
    directory_ = OwnedFd(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~Playground() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  // Damage: size change, then records of { place, offset, length, bytes }. Places are where the decoder looks.
  void readDamaged(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return;
    const auto generation = kGenerations[data[0] % kGenerations.size()];
    const auto at = offsetsOf(generation);
    const std::string file = path_ + "/x.cache";
    gna::test::writeRegion(file, exampleRegion(generation));
    const std::uint64_t places[] = {0, at.deviceNum, at.uuids, at.limit, at.procs, at.procs + at.slotBytes, at.procNum};
    std::size_t i = 4;
    while (i + 4 <= size) {
      const std::uint64_t place = places[data[i] % std::size(places)] + data[i + 1] + 256ull * (data[i + 2] & 7);
      const std::size_t length = std::min<std::size_t>(data[i + 3] & 63, size - i - 4);
      i += 4;
      if (place + length <= at.fileBytes) gna::test::patchFile(file, place, data + i, length);
      i += length;
    }
    std::uint64_t bytes = at.fileBytes;
    if (data[1] % 4 == 1) bytes = at.fileBytes - 1 - data[2] * 256ull - data[3];
    if (data[1] % 4 == 2) bytes = at.fileBytes + data[2] * 256ull + data[3];
    if (data[1] % 16 == 3) bytes = data[2] * 8192u + data[3];
    if (truncate(file.c_str(), static_cast<off_t>(bytes)) != 0) std::abort();
    const ReadOutcome outcome = read(directory_.get(), "x.cache", scratch_, usage_);
    if (!outcome.ok()) promise(usage_.devices.empty() && usage_.processes.empty(), "nothing is left of a refused file");
    checkFile(usage_);
  }

 private:
  std::string path_;
  OwnedFd directory_;
  Scratch scratch_;
  FileUsage usage_;
};

void decodeWords(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> words((size + 7) / 8);
  if (size != 0) std::memcpy(words.data(), data, size);
  DecodedSweep sweep;
  if (decode(words, sweep) != nullptr) return;
  // What was accepted can be written again, and reads as the same.
  std::vector<const ContainerUsage*> containers;
  for (const ContainerUsage& c : sweep.containers) {
    promise(c.root < sweep.roots.size(), "root exists");
    checkFile(c.usage);
    containers.push_back(&c);
  }
  const SweepView view{.sweptNs = sweep.sweptNs,
                       .sampledNs = sweep.sampledNs,
                       .sweeps = sweep.sweeps,
                       .replacedFiles = sweep.replacedFiles,
                       .refusals = sweep.refusals,
                       .roots = sweep.roots,
                       .containers = containers};
  std::vector<std::uint64_t> again(wordsWanted(view));
  promise(encode(view, again) == again.size(), "the room wanted is the room used");
  DecodedSweep second;
  promise(decode(again, second) == nullptr, "what was encoded is decoded");
  promise(second.containers.size() == sweep.containers.size(), "no container is lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Playground playground;
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    playground.readDamaged(data + 1, size - 1);
  } else {
    decodeWords(data + 1, size - 1);
  }
  return 0;
}

// Seeds, so that a run without a corpus also starts from valid inputs: a decodable sweep, an undamaged file.
static std::vector<std::vector<std::uint8_t>> seeds() {
  ContainerUsage waiting;
  waiting.podUid = "uid", waiting.container = "main", waiting.refusal = Refusal::noCacheFile;
  ContainerUsage readable;
  readable.podUid = "uid", readable.container = "other";
  DeviceUsage device;
  const std::string uuid = gna::test::generatedUuid(7);
  std::copy(uuid.begin(), uuid.end(), device.uuid.begin());
  device.smUtilPercent = 5;
  readable.usage.slotsTotal = readable.usage.slotsCounted = 1;
  readable.usage.devices.push_back(device);
  readable.usage.processes.push_back({.pid = 1, .hostPid = 2, .status = 1, .firstCell = 0, .cellCount = 1});
  readable.usage.cells.push_back({.deviceIndex = 0, .usedBytes = 3, .driverReportedBytes = 4, .smUtilPercent = 5});
  const std::vector<const ContainerUsage*> containers = {&waiting, &readable};
  const std::vector<RootState> roots(1);
  SweepView view;
  view.roots = roots, view.containers = containers;
  std::vector<std::uint64_t> words(wordsWanted(view));
  encode(view, words);
  std::vector<std::uint8_t> sweep(1 + words.size() * 8, 1);
  std::memcpy(sweep.data() + 1, words.data(), words.size() * 8);
  std::vector<std::vector<std::uint8_t>> all = {sweep};
  for (std::size_t g = 0; g < kGenerations.size(); ++g) {
    all.push_back({0, static_cast<std::uint8_t>(g), 0, 0, 0, 0, 4, 0, 4, 1, 0, 0, 0, 6, 0, 0, 4, 255, 255, 255, 127});
  }
  return all;
}

// Mixes seeds into libFuzzer's own mutations; without them it would have to guess the magic.
#ifndef GNA_FUZZ_STANDALONE
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed) {
  static const auto known = seeds();
  if (seed % 64 != 0) return LLVMFuzzerMutate(data, size, room);
  const auto& chosen = known[seed / 64 % known.size()];
  if (chosen.size() > room) return LLVMFuzzerMutate(data, size, room);
  std::copy(chosen.begin(), chosen.end(), data);
  return LLVMFuzzerMutate(data, chosen.size(), room);
}
#else
#include <chrono>
#include <random>

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
  auto inputs = seeds();
  if (argc > 2) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[2])) {
      std::ifstream in(entry.path(), std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  for (const auto& input : inputs) LLVMFuzzerTestOneInput(input.data(), input.size());
  std::mt19937_64 random(20190718);
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  unsigned long long runs = 0;
  for (; std::chrono::steady_clock::now() < until; ++runs) {
    std::vector<std::uint8_t> input = inputs[random() % inputs.size()];
    for (std::size_t n = random() % 8; n > 0; --n) {
      const std::size_t at = random() % (input.size() + 1);
      switch (random() % 4) {
        case 0:
          input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
          break;
        case 1: input.resize(at); break;
        default:
          if (at < input.size()) input[at] = static_cast<std::uint8_t>(random());
      }
    }
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%llu runs, nothing broken\n", runs);
}
#endif
