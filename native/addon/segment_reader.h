#pragma once
// Reads one sampler's shared memory: one crossing into JavaScript per wake-up, of what the supervision needs. The GPUs'
// records become objects only when somebody asks for them; those that did not change keep the object of before.

#include <napi.h>

#include <array>
#include <cstdint>
#include <vector>

#include "addon/records_objects.h"
#include "core/shm/mapping.h"
#include "core/shm/segment.h"

namespace gna::addon {

class SegmentReader : public Napi::ObjectWrap<SegmentReader> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SegmentReader(const Napi::CallbackInfo& info);

 private:
  /// A ring's last object and the count of publications it belongs to.
  struct Cached {
    std::uint64_t published = 0;
    Napi::ObjectReference object;
  };

  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value gpus(const Napi::CallbackInfo& info);
  Napi::Value hami(const Napi::CallbackInfo& info);
  Napi::Value statistics(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void ensureReadable(Napi::Env env);
  template <typename Convert>
  bool refresh(const shm::SlotRing& ring, Cached& cached, Convert convert);
  Napi::Value gpuStates(Napi::Env env);
  Napi::Array readEvents(Napi::Env env, double& lost);
  std::uint32_t gpuCount() const;

  shm::Mapping mapping_;
  shm::Segment segment_;
  std::vector<std::uint64_t> buffer_;
  Cached driver_, watch_, hami_;
  std::array<Cached, shm::kMaxGpus> gpus_;
  std::array<ConvertedParts, shm::kMaxGpus> parts_;  // of gpus_
  Napi::Reference<Napi::Float64Array> states_;       // written anew at each read: nothing is allocated per cycle
  std::uint64_t lastEvent_ = 0;
  std::uint64_t driverGpuCount_ = 0;
  bool orderIsNone_ = false;  // of the driver record, as read last
  std::uint32_t mostGpus_ = 0;
};

}  // namespace gna::addon
