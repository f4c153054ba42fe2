#pragma once
// Writes usage files of all five layouts for the tests. Its offsets are typed from the C declarations of HAMi-core's
// region by walking through the members one by one, not taken from the reader's tables, so that errors do not cancel.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gna::test {

enum class Generation { preV0, v0, v1_1, v1_1Shifted, v1_2 };

inline constexpr std::array<Generation, 5> kGenerations = {Generation::preV0, Generation::v0, Generation::v1_1,
                                                           Generation::v1_1Shifted, Generation::v1_2};

/// One process on one device, as the library stores it.
struct GeneratedMemory {
  std::uint64_t context = 0, module = 0, data = 0, offset = 0, total = 0;
  std::uint64_t monitorUsed = 0;
  std::uint64_t smUtil = 0;
};

struct GeneratedProcess {
  std::int32_t pid = 0, hostPid = 0, status = 1;
  std::uint64_t seqlock = 0;
  std::array<GeneratedMemory, 16> devices{};
};

struct GeneratedRegion {
  Generation generation = Generation::v1_2;
  std::uint32_t magic = 19920718;
  std::optional<std::uint32_t> major, minor;  // absent: those of the generation
  std::uint64_t ownerPid = 0;
  std::uint64_t deviceNum = 0;
  std::array<std::string, 16> uuids{};  // any bytes, up to 96
  std::array<std::uint64_t, 16> limit{}, smLimit{};
  std::optional<std::int32_t> procNum;  // absent: as many as `processes`
  std::vector<GeneratedProcess> processes;
  std::int32_t utilizationSwitch = 1, recentKernel = 2, priority = 1;
  std::uint64_t lastKernelTime = 0;
};

/// Where a field of a generated file lies; for tests that change one byte behind the reader's back.
struct GeneratedOffsets {
  std::uint64_t deviceNum, uuids, limit, procs, slotBytes, procNum, fileBytes;
  std::optional<std::uint64_t> seqlockInSlot;
};
GeneratedOffsets offsetsOf(Generation generation);

/// The file's name in `layout` of an expectation: "pre-v0", "v0", "v1.1", "v1.1-shifted", "v1.2".
std::string nameOf(Generation generation);

/// Writes the region to `path` as a sparse file of the generation's exact size. Throws when it cannot.
void writeRegion(const std::string& path, const GeneratedRegion& region);

/// Overwrites bytes of an existing file in place.
void patchFile(const std::string& path, std::uint64_t offset, const void* bytes, std::size_t size);

/// A valid UUID text, different for every number: "GPU-00000000-0000-4000-8000-…".
std::string generatedUuid(std::uint64_t number);

}  // namespace gna::test
