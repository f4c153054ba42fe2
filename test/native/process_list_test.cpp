// The entry size of a process list is seen from what the driver wrote, never assumed.

#include <cstring>
#include <vector>

#include "check.h"
#include "core/nvml/process_list.h"

using namespace gna::nvml;

namespace {

/// Writes `count` entries of a given size the way a driver does, padding left alone.
void writeEntries(ProcessBuffer& buffer, std::size_t stride, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    unsigned char* at = buffer.data() + i * stride;
    const std::uint32_t pid = 4000 + static_cast<std::uint32_t>(i), none = 0xFFFFFFFFu;
    const std::uint64_t bytes = 1'000'000 * (i + 1), protectedBytes = 0;
    std::memcpy(at, &pid, 4);
    std::memcpy(at + 8, &bytes, 8);
    if (stride >= 24) std::memcpy(at + 16, &none, 4), std::memcpy(at + 20, &none, 4);
    if (stride >= 32) std::memcpy(at + 24, &protectedBytes, 8);
  }
}

}  // namespace

TEST("every known stride is recognised for one and for many entries") {
  for (const std::size_t stride : {16u, 24u, 32u})
    for (const std::size_t count : {1u, 2u, 3u, 17u, 64u}) {
      ProcessBuffer buffer;
      buffer.fillWithSentinel();
      writeEntries(buffer, stride, count);
      CHECK_EQ(strideFromWritten(buffer.data(), buffer.size(), count).value_or(0), stride);
    }
}

TEST("with no process the stride stays undecided") {
  ProcessBuffer buffer;
  buffer.fillWithSentinel();
  CHECK(!strideFromWritten(buffer.data(), buffer.size(), 0).has_value());
}

TEST("an unknown entry size is not guessed") {
  ProcessBuffer buffer;
  buffer.fillWithSentinel();
  std::memset(buffer.data(), 1, 40);
  CHECK(!strideFromWritten(buffer.data(), buffer.size(), 1).has_value());
}

TEST("a driver that claims entries and writes nothing decides nothing") {
  ProcessBuffer buffer;
  buffer.fillWithSentinel();
  CHECK(!strideFromWritten(buffer.data(), buffer.size(), 3).has_value());
}

TEST("entries decode by their stride; the short one has no instance ids") {
  for (const std::size_t stride : {16u, 24u, 32u}) {
    ProcessBuffer buffer;
    buffer.fillWithSentinel();
    writeEntries(buffer, stride, 3);
    const ListedProcess p = decodeProcess(buffer.data(), 2, stride);
    CHECK_EQ(p.pid, 4002u);
    CHECK_EQ(p.usedMemoryBytes, 3'000'000u);
    CHECK_EQ(p.gpuInstance, kInstanceNotApplicable);
  }
}

TEST("the buffer has room for the widest entry") {
  ProcessBuffer buffer;
  buffer.resize(300);
  CHECK_EQ(buffer.entries(), 300u);
  CHECK_EQ(buffer.size(), 300 * kWidestEntryBytes);
}

TEST_MAIN("process list")
