#include "addon/segment_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"
#include "addon/instance.h"
#include "addon/records_objects.h"

namespace gna::addon {

Napi::Function SegmentReader::define(Napi::Env env) {
  return DefineClass(
      env, "SegmentReader",
      {InstanceMethod<&SegmentReader::read>("read"), InstanceMethod<&SegmentReader::gpus>("gpus"),
       InstanceMethod<&SegmentReader::hami>("hami"), InstanceMethod<&SegmentReader::statistics>("statistics"),
       InstanceMethod<&SegmentReader::close>("close")});
}

SegmentReader::SegmentReader(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SegmentReader>(info) {
  const Napi::Env env = info.Env();
  mapping_ = shm::Mapping{smallNumber(env, info[0], "memoryFd"), shm::Mapping::Access::readOnly};
  if (!mapping_.valid()) throw systemError(env, "mmap", errno, "the sampler's memory");
}

/// Checks the header once; it never changes after the sampler has written it.
void SegmentReader::ensureReadable(Napi::Env env) {
  if (segment_.valid()) return;
  if (!mapping_.valid()) throw codedError(env, "SEGMENT_CLOSED", "this reader was closed");
  const char* problem = shm::Segment::check(mapping_.address(), mapping_.bytes());
  if (problem != nullptr) {
    // The magic number is written last: while it is 0, the sampler has not come that far.
    const bool untouched = mapping_.bytes() >= shm::kSegmentBytes &&
                           static_cast<const shm::Word*>(mapping_.address())->load(std::memory_order_acquire) == 0;
    throw codedError(env, untouched ? "SEGMENT_NOT_READY" : "SEGMENT_FOREIGN", problem);
  }
  segment_ = shm::Segment{mapping_.address()};
}

/// Makes a new object when the ring has a newer record; of one that cannot be taken apart nothing is made, and the
/// object before stands. Whether the cached object is of any record at all.
template <typename Convert>
bool SegmentReader::refresh(const shm::SlotRing& ring, Cached& cached, Convert convert) {
  const std::uint64_t published = ring.count();
  if (published != cached.published) {
    const std::size_t words = ring.read(buffer_.data(), buffer_.size());
    const Napi::Object made = words > 0 ? convert(Copied{{buffer_.data(), words}, published}) : Napi::Object{};
    if (!made.IsEmpty()) {
      cached.object = Napi::Persistent(made);
      cached.published = published;
    }
  }
  return !cached.object.IsEmpty();
}

std::uint32_t SegmentReader::gpuCount() const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(driverGpuCount_, shm::kMaxGpus));
}

Napi::Array SegmentReader::readEvents(Napi::Env env, double& lost) {
  Napi::Array events = Napi::Array::New(env);
  const std::uint64_t last = segment_.lastEventNumber();
  if (last <= lastEvent_) return events;
  std::uint64_t next = lastEvent_ + 1;
  if (last - lastEvent_ > shm::kEventCapacity) {
    next = last - shm::kEventCapacity + 1;
    lost += static_cast<double>(next - lastEvent_ - 1);
  }
  std::uint32_t count = 0;
  for (; next <= last; ++next) {
    shm::Event event;
    if (segment_.readEvent(next, event))
      events.Set(count++, eventObject(env, event));
    else
      lost += 1;
  }
  lastEvent_ = last;
  return events;
}

/// Index, GpuState and last complete cycle of each GPU that has a record: the head of the record is enough.
Napi::Value SegmentReader::gpuStates(Napi::Env env) {
  constexpr std::size_t kPerGpu = 3;
  constexpr std::size_t kHeadWords = offsetof(shm::GpuFixed, state) / 8 + 1;
  if (states_.IsEmpty()) states_ = Napi::Persistent(Napi::Float64Array::New(env, kPerGpu * shm::kMaxGpus));
  Napi::Float64Array states = states_.Value();
  std::uint64_t head[kHeadWords];
  std::size_t at = 0;
  // Rings beyond the driver's count are not looked at: a look would give each an own page of memory.
  for (std::uint32_t i = 0; i < gpuCount(); ++i) {
    if (segment_.gpu(i).read(head, kHeadWords) < kHeadWords) continue;
    states[at++] = i;
    states[at++] = static_cast<double>(head[offsetof(shm::GpuFixed, state) / 8]);
    states[at++] = static_cast<double>(head[offsetof(shm::GpuFixed, cycle) / 8]);
  }
  if (at < states.ElementLength()) states[at] = -1;
  return states;
}

Napi::Value SegmentReader::gpus(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ensureReadable(env);
  buffer_.resize(std::max(buffer_.size(), shm::kGpuRecordBytes / 8));
  Napi::Array gpus = Napi::Array::New(env);
  std::uint32_t shown = 0;
  for (std::uint32_t i = 0; i < gpuCount(); ++i)
    if (refresh(segment_.gpu(i), gpus_[i],
                [&](const Copied& r) { return gpuObject(env, i, r, parts_[i], orderIsNone_); }))
      gpus.Set(shown++, gpus_[i].object.Value());
  return gpus;
}

Napi::Value SegmentReader::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ensureReadable(env);
  buffer_.resize(std::max({shm::kGpuRecordBytes, sizeof(shm::DriverRecord), sizeof(shm::WatchRecord)}) / 8);

  // Before the first record the initial values stand for "starting", published 0.
  const auto driver = [&](const Copied& record) {
    shm::DriverRecord fixed{};
    std::memcpy(static_cast<void*>(&fixed), record.words.data(), std::min(sizeof fixed, record.words.size_bytes()));
    driverGpuCount_ = fixed.gpu_count;
    if (const bool orderIsNone = fixed.order_is_none != 0; orderIsNone != orderIsNone_) {
      orderIsNone_ = orderIsNone;
      // They say something else now, although nobody published them anew.
      for (Cached& gpu : gpus_) gpu.published = 0;
    }
    return driverObject(env, record);
  };
  if (!refresh(segment_.driver(), driver_, driver)) driver_.object = Napi::Persistent(driverObject(env, {}));
  const auto watch = [&](const Copied& record) { return watchObject(env, record); };
  if (!refresh(segment_.watch(), watch_, watch)) watch_.object = Napi::Persistent(watchObject(env, {}));

  Napi::Object snapshot = Napi::Object::New(env);
  snapshot.Set("driver", driver_.object.Value());
  snapshot.Set("watch", watch_.object.Value());
  snapshot.Set("gpuStates", gpuStates(env));
  double lost = 0;
  snapshot.Set("events", readEvents(env, lost));
  snapshot.Set("eventsLost", lost);
  return snapshot;
}

/// Decoding costs with the number of containers: done when somebody wants to know, not at each sweep.
Napi::Value SegmentReader::hami(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ensureReadable(env);
  const shm::SlotRing ring = segment_.hami();
  const std::uint64_t swept = ring.count();
  if (swept != hami_.published) {
    // A longer sweep may be published between looking and reading: then what was read is cut, and read again.
    std::vector<std::uint64_t> blob;
    std::size_t words = 0;
    for (int attempt = 0; attempt < 4 && blob.size() < ring.newestWords(); ++attempt) {
      blob.resize(ring.newestWords());
      words = ring.read(blob.data(), blob.size());
    }
    if (blob.size() < ring.newestWords()) words = 0;  // the next question tries again
    if (words > 0) {
      hami_.object = Napi::Persistent(hamiObject(env, {{blob.data(), words}, swept}));
      hami_.published = swept;
    }
  }
  return hami_.object.IsEmpty() ? env.Undefined() : hami_.object.Value();
}

Napi::Value SegmentReader::statistics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ensureReadable(env);
  Napi::Float64Array sums = Napi::Float64Array::New(env, shm::kLaneStatisticsWords);
  std::fill_n(sums.Data(), shm::kLaneStatisticsWords, 0.0);
  // What was counted for a GPU that is not there any more was counted.
  mostGpus_ = std::max(mostGpus_, gpuCount());
  const std::size_t lanes = std::min<std::size_t>(shm::kLaneCount, 3 + mostGpus_);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const shm::Word* words = segment_.statistics(lane);
    for (std::size_t i = 0; i < shm::kLaneStatisticsWords; ++i)
      sums[i] += static_cast<double>(words[i].load(std::memory_order_relaxed));
  }
  return sums;
}

void SegmentReader::close(const Napi::CallbackInfo&) {
  segment_ = {};
  mapping_ = {};
}

void initSegmentReader(Napi::Env env, Napi::Object exports) {
  Instance::of(env).segmentReader = Napi::Persistent(SegmentReader::define(env));
  const auto open = [](const Napi::CallbackInfo& info) -> Napi::Value {
    return Instance::of(info.Env()).segmentReader.New({info[0]});
  };
  exports.Set("openSegment", Napi::Function::New(env, open, "openSegment"));
}

}  // namespace gna::addon
