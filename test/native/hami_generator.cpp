#include "hami_generator.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace gna::test {

namespace {

// Walks through a structure as a C compiler does: each member at the next multiple of its size.
class Members {
 public:
  std::uint64_t i32() { return place(4, 4); }
  std::uint64_t u64(std::uint64_t count = 1) { return place(8, 8 * count); }
  std::uint64_t bytes(std::uint64_t count, std::uint64_t alignment = 1) { return place(alignment, count); }
  std::uint64_t size() { return place(8, 0); }

 private:
  std::uint64_t place(std::uint64_t alignment, std::uint64_t size) {
    at_ = (at_ + alignment - 1) / alignment * alignment;
    const std::uint64_t here = at_;
    at_ += size;
    return here;
  }
  std::uint64_t at_ = 0;
};

struct SlotMembers {
  std::uint64_t pid, hostPid, used, memoryBytes, monitorUsed, status, size;
  std::optional<std::uint64_t> seqlock, util;
  std::uint64_t utilBytes = 0;
};

SlotMembers slotOf(Generation g) {
  const bool one = g >= Generation::v1_1;
  SlotMembers s{};
  Members m;
  s.pid = m.i32();
  s.hostPid = m.i32();
  if (g == Generation::v1_1Shifted) s.seqlock = m.u64();
  s.memoryBytes = one ? 64 : 40;  // five counters, and three reserved ones since 1.0
  s.used = m.bytes(16 * s.memoryBytes, 8);
  s.monitorUsed = m.u64(16);
  if (g != Generation::preV0) {
    s.utilBytes = one ? 48 : 24;  // decoder, encoder, SM, and three reserved ones since 1.0
    s.util = m.bytes(16 * s.utilBytes, 8);
  }
  s.status = m.i32();
  if (g == Generation::v1_2) s.seqlock = m.u64();
  if (one) m.u64(g == Generation::v1_1 ? 3 : 2);  // reserved
  s.size = m.size();
  return s;
}

struct RegionMembers {
  std::uint64_t magic, ownerPid, deviceNum, uuids, limit, smLimit, procs, procNum, utilizationSwitch, recentKernel,
      priority, size;
  std::optional<std::uint64_t> major, minor, lastKernelTime;
};

RegionMembers regionOf(Generation g) {
  const bool one = g >= Generation::v1_1;
  constexpr std::uint64_t kSemaphore = 32;
  RegionMembers r{};
  Members m;
  r.magic = m.i32();
  if (one) r.major = m.i32(), r.minor = m.i32();
  m.i32();  // sm_init_flag
  r.ownerPid = m.u64();
  m.bytes(kSemaphore, 8);
  if (g == Generation::v1_1Shifted) m.bytes(kSemaphore, 8);
  r.deviceNum = m.u64();
  r.uuids = m.bytes(std::uint64_t{16} * 96);
  r.limit = m.u64(16);
  r.smLimit = m.u64(16);
  r.procs = m.bytes(1024 * slotOf(g).size, 8);
  r.procNum = m.i32();
  r.utilizationSwitch = m.i32();
  r.recentKernel = m.i32();
  r.priority = m.i32();
  if (one) {
    r.lastKernelTime = m.u64();
    m.u64(4);  // reserved, or the second semaphore of 1.2
  }
  r.size = m.size();
  return r;
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void put(std::uint64_t offset, const void* bytes, std::size_t size) const {
    if (pwrite(fd_, bytes, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size)) {
      throw std::runtime_error("short write");
    }
  }
  template <typename T>
  void put(std::uint64_t offset, T value) const {
    put(offset, &value, sizeof value);
  }
  void resize(std::uint64_t bytes) const {
    if (ftruncate(fd_, static_cast<off_t>(bytes)) != 0) throw std::runtime_error("cannot resize");
  }

 private:
  int fd_;
};

void writeSlot(const File& f, const SlotMembers& s, std::uint64_t at, const GeneratedProcess& p) {
  f.put(at + s.pid, p.pid);
  f.put(at + s.hostPid, p.hostPid);
  f.put(at + s.status, p.status);
  if (s.seqlock) f.put(at + *s.seqlock, p.seqlock);
  for (std::size_t d = 0; d < 16; ++d) {
    const GeneratedMemory& m = p.devices[d];
    const std::array<std::uint64_t, 5> counters = {m.context, m.module, m.data, m.offset, m.total};
    f.put(at + s.used + d * s.memoryBytes, counters.data(), sizeof counters);
    f.put(at + s.monitorUsed + d * 8, m.monitorUsed);
    if (s.util) f.put(at + *s.util + d * s.utilBytes + 16, m.smUtil);
  }
}

}  // namespace

GeneratedOffsets offsetsOf(Generation g) {
  const RegionMembers r = regionOf(g);
  const SlotMembers s = slotOf(g);
  return {.deviceNum = r.deviceNum,
          .uuids = r.uuids,
          .limit = r.limit,
          .procs = r.procs,
          .slotBytes = s.size,
          .procNum = r.procNum,
          .fileBytes = r.size + 1,
          .seqlockInSlot = s.seqlock};
}

std::string nameOf(Generation g) {
  switch (g) {
    case Generation::preV0: return "pre-v0";
    case Generation::v0: return "v0";
    case Generation::v1_1: return "v1.1";
    case Generation::v1_1Shifted: return "v1.1-shifted";
    case Generation::v1_2: return "v1.2";
  }
  throw std::logic_error("no such generation");
}

void writeRegion(const std::string& path, const GeneratedRegion& region) {
  const RegionMembers r = regionOf(region.generation);
  const SlotMembers s = slotOf(region.generation);
  const File f(path, O_RDWR | O_CREAT | O_TRUNC);
  f.resize(r.size + 1);
  if (r.major) f.put(*r.major, region.major.value_or(1));
  if (r.minor) f.put(*r.minor, region.minor.value_or(region.generation == Generation::v1_2 ? 2 : 1));
  f.put(r.ownerPid, region.ownerPid);
  f.put(r.deviceNum, region.deviceNum);
  for (std::size_t d = 0; d < 16; ++d) {
    f.put(r.uuids + d * 96, region.uuids[d].data(), region.uuids[d].size());
    f.put(r.limit + d * 8, region.limit[d]);
    f.put(r.smLimit + d * 8, region.smLimit[d]);
  }
  for (std::size_t i = 0; i < region.processes.size(); ++i) writeSlot(f, s, r.procs + i * s.size, region.processes[i]);
  f.put(r.procNum, region.procNum.value_or(static_cast<std::int32_t>(region.processes.size())));
  f.put(r.utilizationSwitch, region.utilizationSwitch);
  f.put(r.recentKernel, region.recentKernel);
  f.put(r.priority, region.priority);
  if (r.lastKernelTime) f.put(*r.lastKernelTime, region.lastKernelTime);
  f.put(r.magic, region.magic);  // last, as the library does
}

void patchFile(const std::string& path, std::uint64_t offset, const void* bytes, std::size_t size) {
  File(path, O_RDWR).put(offset, bytes, size);
}

std::string generatedUuid(std::uint64_t number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "GPU-%08llx-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(number & 0xffffffff), static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace gna::test
