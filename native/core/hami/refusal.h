#pragma once
// Why a usage file, or the directory it should lie in, was not read. A closed list: the texts are stable and may be
// used as metric labels and finding codes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gna::hami {

/// Reason for not reading a file. The numbers travel in the encoded sweep: append, never renumber.
enum class Refusal : std::uint32_t {
  none = 0,           // it was read
  noCacheFile,        // no *.cache yet: nothing in the container has used CUDA or NVML so far. Normal
  notReady,           // empty, or magic still zero: its creator is between two steps. Normal for an instant
  gone,               // removed between listing and opening
  badName,            // directory name with bytes or a length that no pod UID or container name has
  symlink,            // the directory or the file is a symbolic link
  notRegular,         // FIFO, socket, directory, device node
  tooManyLinks,       // a hard link: the same file may belong to somebody else
  otherFilesystem,    // something is mounted over it
  tooManyEntries,     // more entries in the container's directory than are looked at
  tooManyCacheFiles,  // more than one *.cache: which one is the library's cannot be told
  sizeUnknown,        // no layout has this size
  badMagic,           // a known size, but not a usage file
  versionUnknown,     // magic is right, size and version together belong to no known layout
  implausibleCounts,  // unknown 1.x version whose counts or UUIDs are not where layout 1.2 has them
  shortRead,          // became shorter while it was read
  sizeChanged,        // has another size after reading than before
  notReadable,        // the kernel refused: see the error number
};

inline constexpr std::size_t kRefusalCount = static_cast<std::size_t>(Refusal::notReadable) + 1;

/// Stable text of a reason, such as "too_many_links"; "none" for a file that was read.
std::string_view refusalCode(Refusal refusal);

/// The reason with this number; absent when there is none.
std::optional<Refusal> refusalFromNumber(std::uint32_t number);

/// True for states every healthy container passes through: nobody has to be told.
constexpr bool isOrdinary(Refusal refusal) {
  return refusal == Refusal::none || refusal == Refusal::noCacheFile || refusal == Refusal::notReady ||
         refusal == Refusal::gone;
}

/// How many containers stand at each reason, indexed by the reason's number.
using RefusalCounts = std::array<std::uint32_t, kRefusalCount>;

}  // namespace gna::hami
