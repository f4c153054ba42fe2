// Performance metrics of Hopper and newer: two samples, and what happened between them.
#include <bit>
#include <memory>
#include <mutex>
#include <set>

#include "../activity.h"
#include "../call.h"

using namespace simulator;

namespace {

constexpr std::uint64_t kHopper = 9;
constexpr std::uint64_t kVirtualGpu = 2;
/// Samples must be further apart.
constexpr std::int64_t kClosestNanoseconds = 100'000'000;
constexpr std::uint32_t kRequestVersion = 1;

/// What a sample remembers: of what, when, and the node as it was then.
struct GpmSample {
  std::shared_ptr<const View> view;
  std::uint32_t gpu = 0;
  std::optional<std::uint32_t> gpuInstance;
  std::int64_t monotonicNanoseconds = 0;
};

/// Samples that were given out and not freed: others are refused instead of being followed.
class Samples {
 public:
  GpmSample* make() {
    const std::lock_guard lock(mutex_);
    return known_.insert(std::make_unique<GpmSample>()).first->get();
  }
  bool free(GpmSampleHandle handle) {
    const std::lock_guard lock(mutex_);
    const auto found = find(handle);
    if (found == known_.end()) return false;
    known_.erase(found);
    return true;
  }
  /// nullptr for what is no sample.
  GpmSample* at(GpmSampleHandle handle) {
    const std::lock_guard lock(mutex_);
    const auto found = find(handle);
    return found == known_.end() ? nullptr : found->get();
  }
  static Samples& all() {
    static Samples* const samples = new Samples;  // never destroyed: threads may still be inside a call at exit
    return *samples;
  }

 private:
  using Known = std::set<std::unique_ptr<GpmSample>>;
  Known::iterator find(GpmSampleHandle handle) {
    auto place = known_.begin();
    while (place != known_.end() && place->get() != handle) ++place;
    return place;
  }

  // Not part of what is made at the first use: a sanitizer that does not see into this library would take the making
  // of it for a race.
  inline static constinit std::mutex mutex_;
  Known known_;
};

bool isSupported(const Call& call) {
  return call.gpu.attributes.number(Attribute::architecture).value_or(0) >= kHopper &&
         call.gpu.attributes.number(Attribute::virtualizationMode) != kVirtualGpu;
}

Return take(const Call& call, std::optional<std::uint32_t> gpuInstance, GpmSampleHandle handle) {
  GpmSample* sample = Samples::all().at(handle);
  if (sample == nullptr) return kInvalidArgument;
  if (!isSupported(call)) return kNotSupported;
  *sample = {call.sharedView, call.gpuIndex, gpuInstance, call.monotonic()};
  return kSuccess;
}

/// Fills the metrics that were asked for; those that are not measured say so each.
Return giveMetrics(GpmMetricsRequest& request, const GpmSample& from, const GpmSample& to) {
  if (from.gpu != to.gpu || from.gpuInstance != to.gpuInstance) return kInvalidArgument;
  if (to.monotonicNanoseconds - from.monotonicNanoseconds < kClosestNanoseconds) return kNoData;
  // The later view knows all that happened between the two.
  const ActivitySpan span{to.view->gpus[to.gpu], to.gpuInstance, from.monotonicNanoseconds, to.monotonicNanoseconds};
  for (std::uint32_t i = 0; i < request.numMetrics; ++i) {
    GpmMetric& metric = request.metrics[i];
    const auto measured = activity(span, metric.metricId);
    metric.status = measured ? kSuccess : kNotSupported;
    metric.value = measured ? measured->value : 0;
    metric.shortName = metric.longName = "simulated";
    metric.unit = measured ? measured->unit : "";
    const std::int32_t instance = to.gpuInstance ? static_cast<std::int32_t>(*to.gpuInstance) : -1;
    if (const RecordedNumber* recorded = to.view->recorded.metric(to.gpu, instance, metric.metricId)) {
      metric.status = recorded->code;
      metric.value = std::bit_cast<double>(recorded->bits);
    }
  }
  return kSuccess;
}

}  // namespace

NVML_API Return nvmlGpmQueryDeviceSupport(DeviceHandle device, GpmSupport* support) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (support == nullptr) return kInvalidArgument;
    if (support->version != kRequestVersion) return kVersionMismatch;
    support->isSupportedDevice = isSupported(call) ? 1 : 0;
    return kSuccess;
  });
}

NVML_API Return nvmlGpmSampleAlloc(GpmSampleHandle* sample) {
  return onNode(__func__, [&](const View&) {
    if (sample == nullptr) return kInvalidArgument;
    *sample = Samples::all().make();
    return kSuccess;
  });
}

NVML_API Return nvmlGpmSampleFree(GpmSampleHandle sample) {
  return onNode(__func__, [&](const View&) { return Samples::all().free(sample) ? kSuccess : kInvalidArgument; });
}

NVML_API Return nvmlGpmSampleGet(DeviceHandle device, GpmSampleHandle sample) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    return take(call, call.mig == nullptr ? std::nullopt : std::optional(call.mig->gpuInstance), sample);
  });
}

NVML_API Return nvmlGpmMigSampleGet(DeviceHandle device, unsigned gpuInstance, GpmSampleHandle sample) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    for (const auto& slot : call.gpu.migInstances) {
      if (slot && slot->gpuInstance == gpuInstance) return take(call, gpuInstance, sample);
    }
    return call.migEnabled() ? kInvalidArgument : kNotSupported;
  });
}

NVML_API Return nvmlGpmMetricsGet(GpmMetricsRequest* request) {
  const GpmSample* first = request == nullptr ? nullptr : Samples::all().at(request->sample1);
  const GpmSample* second = request == nullptr ? nullptr : Samples::all().at(request->sample2);
  const bool taken = first != nullptr && second != nullptr && first->view && second->view;
  const auto answer = [&](const View&) {
    if (!taken) return kInvalidArgument;
    if (request->version != kRequestVersion) return kVersionMismatch;
    return giveMetrics(*request, *first, *second);
  };
  return taken ? onNodeForGpu(__func__, static_cast<std::int32_t>(first->gpu), answer) : onNode(__func__, answer);
}
