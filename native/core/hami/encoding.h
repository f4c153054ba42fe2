#pragma once
// A sweep as a flat run of 64-bit words: what the sampler puts into shared memory and the addon takes out again.
// Both ends run on one machine, so words have its byte order; the version word guards against two builds.
//
// Pairs are written low half | high half.
//
//   header    0 magic "GNAHAMI1"            1 version | header words
//             2 words in all                3 swept at (monotonic ns)
//             4 sampled at                  5 sweeps since the start
//             6 replaced files              7 containers known | containers written
//             8 processes left out because of room | list limit used (processes per container)
//             9 root count | refusal count
//   refusals  one word each: containers at that refusal, in the order of `Refusal`
//   roots     0 condition | errno   1 owner uid | containers   2 beyond limit | other entries   3 listing cut
//   container 0 words of this container | root index     1 refusal | errno
//             2 bytes of pod UID | bytes of container name   3 looked at (ns)   4 window span (ns)
//             then both names, each padded with zeros to a word
//             and, only when refusal is none:
//             0 layout | file flags          1 priority | recent kernel     2 utilisation switch | slots in all
//             3 slots counted | unstable     4 devices dropped | devices    5 processes | cells
//             6 last kernel (Unix seconds, 0 = absent)
//     device  0 index | flags   1 limit bytes   2 SM limit percent   3 used   4 context   5 module   6 buffer
//             7 driver-reported bytes   8 SM utilisation percent + 1, 0 = absent   9…13 UUID text
//     process 0 pid | host pid (0 = absent)   1 status | cells
//     cell    0 device index | SM utilisation percent + 1 (0 = absent)   1 used   2 driver-reported
//
// When the room is too small, process lists are shortened for all containers alike, so that one container with many
// processes cannot push another one out; only when none fits any more are containers left out. Both are counted.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hami/sweep.h"

namespace gna::hami {

inline constexpr std::uint64_t kEncodingMagic = 0x31494d4148414e47ull;  // "GNAHAMI1" in memory
inline constexpr std::uint32_t kEncodingVersion = 1;

/// Words that `encode` needs to leave nothing out.
std::size_t wordsWanted(const SweepView& sweep);

/// Writes a sweep into `room`. Returns the words used; 0 when not even the header, refusals and roots fit.
std::size_t encode(const SweepView& sweep, std::span<std::uint64_t> room);

/// A sweep taken out of an encoded run of words. Owns everything.
struct DecodedSweep {
  std::int64_t sweptNs = 0;
  std::int64_t sampledNs = 0;
  std::uint64_t sweeps = 0;
  std::uint64_t replacedFiles = 0;
  std::uint32_t containersKnown = 0;   // more than `containers.size()`: the room was too small
  std::uint32_t processesLeftOut = 0;  // because of room
  RefusalCounts refusals{};
  std::vector<RootState> roots;
  std::vector<ContainerUsage> containers;

  bool truncated() const { return containersKnown != containers.size() || processesLeftOut != 0; }
};

/// Reads an encoded sweep and checks every count, index, size and text in it. Null on success, else what was wrong;
/// `out` is then unspecified. Words behind the run's own length are ignored.
const char* decode(std::span<const std::uint64_t> words, DecodedSweep& out);

}  // namespace gna::hami
