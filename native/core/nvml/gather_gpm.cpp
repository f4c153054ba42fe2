// Activity of the engines by GPM: two samples, and what happened between them.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/nvml/gather.h"
#include "core/nvml/gpm_metrics.h"

namespace gna::nvml {

namespace {

constexpr std::int64_t kClosestNs = 100'000'000;         // samples must be further apart (nvml.md §5.15)
constexpr std::int64_t kFarthestNs = 600'000'000'000ll;  // a mean over longer than this is no reading of now
constexpr double kMebibyte = 1024.0 * 1024.0;

/// Bytes per second in one of the driver's units; MiB/s where it names none.
double bytesPerUnit(const char* unit) {
  if (!unit) return kMebibyte;
  const std::string_view name(unit, strnlen(unit, 16));
  if (name == "B/s" || name == "bytes/s" || name == "Bytes/s") return 1;
  if (name == "KiB/s") return 1024;
  if (name == "GiB/s") return kMebibyte * 1024;
  return kMebibyte;
}

/// A metric's value in base units; negative, not a number or above what can be is no value.
std::optional<double> gpmValue(const GpmMetric& metric, GpmUnit unit) {
  if (!std::isfinite(metric.value) || metric.value < 0) return std::nullopt;
  switch (unit) {
    case GpmUnit::percent:
      return metric.value > 100.5 ? std::nullopt : std::optional(std::min(1.0, kPercent(metric.value)));
    case GpmUnit::rate: return metric.value * bytesPerUnit(metric.unit);
    case GpmUnit::count: return metric.value;
  }
  return std::nullopt;
}

/// Whether any metric of a table is wanted now: without one no sample is taken.
template <typename Id, std::size_t N>
bool anyDue(const GpmRow<Id> (&rows)[N], const Gather& gather, const Dormant<Id>& dormant) {
  return std::any_of(rows, rows + N, [&](const auto& row) { return gather.due(row.reading, dormant); });
}

}  // namespace

bool Gather::gpmSupported() {
  if (!identityRound) return g.gpmSupported_;
  GpmSupport support{kGpmVersion, 0};
  g.gpmCode_ = call(Call::GpmQueryDeviceSupport, g.handle_, &support);
  noteIdentity(g.gpmCode_);
  if (g.gpmCode_ == kSuccess && support.isSupportedDevice == 0) g.gpmCode_ = kErrorNotSupported;
  g.gpmSupported_ = g.gpmCode_ == kSuccess;
  return g.gpmSupported_;
}

Return Gather::allocate(GpmPair& pair) {
  for (GpmSample* sample : {&pair.older, &pair.newer}) {
    if (*sample) continue;
    if (const Return code = call(Call::GpmSampleAlloc, sample); code != kSuccess) {
      *sample = nullptr;
      return code;
    }
  }
  return kSuccess;
}

/// Takes the next sample of a pair. Success: `older` and `newer` have a time between them that can be measured.
Return Gather::sample(GpmPair& pair) {
  if (const Return allocated = allocate(pair); allocated != kSuccess) return allocated;
  const std::int64_t now = g.clock_.monotonicNs();
  if (pair.olderNs != 0 && now - pair.olderNs < kClosestNs) return kErrorNoData;
  const bool whole = pair.gpuInstance == kInstanceNotApplicable;
  const Return code = whole ? call(Call::GpmSampleGet, g.handle_, pair.newer)
                            : call(Call::GpmMigSampleGet, g.handle_, pair.gpuInstance, pair.newer);
  if (code != kSuccess) {
    pair.olderNs = 0;
    return code;
  }
  const bool measurable = pair.olderNs != 0 && now - pair.olderNs <= kFarthestNs;
  if (!measurable) std::swap(pair.older, pair.newer);
  pair.olderNs = now;
  return measurable ? kSuccess : kErrorNoData;
}

/// Asks for the metrics of a pair that are due and books them. `taken` is what sample() gave.
template <typename Id, std::size_t N>
void Gather::metrics(const GpmRow<Id> (&rows)[N], GpmPair& pair, Return taken, Measurements<Id>& into,
                     Dormant<Id>& dormant) {
  GpmRequest& request = g.gpmRequest_;
  request.clear();
  const GpmRow<Id>* asked[N];
  for (const GpmRow<Id>& row : rows) {
    if (!due(row.reading, dormant)) continue;
    if (g.driverMajor_ < row.since) {
      store(into, dormant, row.reading, notInBranch(g.driverMajor_), 0);
    } else if (taken != kSuccess) {
      store(into, dormant, row.reading, taken, 0);
    } else {
      asked[request.size()] = &row;
      request.add(row.metric);
    }
  }
  if (request.size() == 0) return;
  const Return code = call(Call::GpmMetricsGet, request.prepare(pair.older, pair.newer));
  for (std::size_t i = 0; i < request.size(); ++i) {
    const GpmMetric metric = request.answer(i);
    const Return own = code != kSuccess ? code : metric.nvmlReturn;
    const std::optional<double> value = own == kSuccess ? gpmValue(metric, asked[i]->unit) : std::nullopt;
    if (own == kSuccess && !value)
      into.absent(asked[i]->reading, reading_status::kImplausible);
    else
      store(into, dormant, asked[i]->reading, own, value.value_or(0));
  }
  std::swap(pair.older, pair.newer);
}

void Gather::activity() {
  const bool supported = gpmSupported();
  if (!anyDue(kGpmRows, *this, g.dormant_)) return;
  const Return taken = supported ? sample(g.gpm_) : g.gpmCode_;
  metrics(kGpmRows, g.gpm_, taken, g.record_.readings, g.dormant_);
}

/// Each GPU instance is sampled once, through its parent; its compute instances share what it did.
void Gather::migActivity() {
  if (!mediumRound) return;
  auto& instances = g.lists_.mig;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const bool known = g.gpmSupported_ && instances[i].ids_status == reading_status::kPresent;
    auto first = std::find_if(instances.begin(), instances.begin() + static_cast<std::ptrdiff_t>(i),
                              [&](const auto& one) { return one.gpu_instance == instances[i].gpu_instance; });
    if (known && first != instances.begin() + static_cast<std::ptrdiff_t>(i)) {
      copyActivity(first->readings, instances[i].readings);
      continue;
    }
    if (!anyDue(kMigGpmRows, *this, g.migDormant_[i])) continue;
    GpmPair none;
    if (!known) {
      metrics(kMigGpmRows, none, g.gpmSupported_ ? kErrorNoData : g.gpmCode_, instances[i].readings, g.migDormant_[i]);
      continue;
    }
    GpmPair& pair = gpmPairOf(instances[i].gpu_instance);
    metrics(kMigGpmRows, pair, sample(pair), instances[i].readings, g.migDormant_[i]);
  }
}

GpmPair& Gather::gpmPairOf(std::uint32_t gpuInstance) {
  for (GpmPair& pair : g.migGpm_)
    if (pair.gpuInstance == gpuInstance) return pair;
  GpmPair pair;
  pair.gpuInstance = gpuInstance;
  return g.migGpm_.emplace_back(pair);
}

void Gather::copyActivity(const Measurements<MigReading>& from, Measurements<MigReading>& to) {
  for (const auto& row : kMigGpmRows) {
    const std::size_t at = gna::index(row.reading);
    to.values[at] = from.values[at];
    to.status[at] = from.status[at];
  }
}

/// A new cut of the GPU: baselines of the one before mean nothing (GPU instance ids are used again).
void Gather::forgetMigActivity() {
  for (GpmPair& pair : g.migGpm_) pair.olderNs = 0;
}

/// Gives the samples back, before the driver is shut down.
void Gather::freeSamples() {
  auto release = [&](GpmPair& pair) {
    for (GpmSample* one : {&pair.older, &pair.newer})
      if (*one) call(Call::GpmSampleFree, std::exchange(*one, nullptr));
    pair.olderNs = 0;
  };
  release(g.gpm_);
  for (GpmPair& pair : g.migGpm_) release(pair);
  g.migGpm_.clear();
}

}  // namespace gna::nvml
