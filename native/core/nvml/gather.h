#pragma once
// Shared by the gather steps: making a call under watch and booking its result. One step per subject, in files named
// gather_<subject>.cpp.

#include <cmath>
#include <initializer_list>
#include <limits>

#include "core/nvml/gpu_reader.h"
#include "core/nvml/plausible.h"
#include "core/nvml/return_code.h"
#include "core/nvml/scale.h"

namespace gna::nvml {

/// How a simple getter gives its value.
enum class Shape : std::uint8_t {
  u32,               // f(device, u32*)
  u64,               // f(device, u64*)
  u32Indexed,        // f(device, u32 argument, u32*)
  percentAndPeriod,  // f(device, u32* percent, u32* periodMicroseconds)
  u64ByTwo,          // f(device, u32 argument, u32 argument2, u64*)
  u64ByThree,        // f(device, u32 argument, u32 argument2, u32 argument3, u64*)
};

/// A simple getter: adding one of these is adding a reading.
struct ScalarRow {
  Call call;
  Reading reading;
  Scale scale;
  Shape shape = Shape::u32;
  std::uint32_t argument = 0;
  std::uint32_t argument2 = 0;
  double highest = std::numeric_limits<double>::infinity();  // in driver units; above = implausible
  Call fallback = Call::none;                                // same shape, older name
  std::uint32_t argument3 = 0;
};

template <typename Id>
struct GpmRow;

/// One gather round of one GPU.
struct Gather {
  GpuReader& g;
  bool identityRound = false;
  bool minuteRound = false;
  bool mediumRound = false;

  /// Makes a call if the library has it and no fatal code came before it in this round.
  template <typename... A>
  Return call(Call id, A... arguments) {
    using F = Return (*)(A...);
    if (g.fatal_ != kSuccess || g.driverCode_ != kSuccess) return kCallSkipped;
    if (g.stop_ && g.stop_->load(std::memory_order_relaxed)) return kCallSkipped;
    const F function = g.library_.get<F>(id);
    if (!function) return kNoSuchSymbol;
    ++g.calls_;
    const Return r = g.lane_.run(id, function, arguments...);
    if (r != kSuccess) g.note(r);
    return r;
  }

  /// The same, for a function that has an older one beside it or that answers for many things: once it said that it is
  /// not there or not supported, that stands until the next identity round.
  template <typename... A>
  Return callUnlessRefused(Call id, A... arguments) {
    Return& refused = g.refused_[nvml::index(id)];
    if (refused != kSuccess) return refused;
    const Return r = call(id, arguments...);
    if (isUnsupported(r) && r != kNoSuchSymbol) refused = r;
    return r;
  }

  bool isDue(Cadence cadence) const;

  /// A passing error keeps something from being known that is only asked once an hour: it is asked again soon.
  void noteIdentity(Return code) {
    if (isPassing(code)) g.identityIncomplete_ = true;
  }

  /// Whether a reading of a part is to be asked in this round.
  template <typename Id>
  bool due(Id id, const Dormant<Id>& dormant) const {
    return !dormant.asleep[gna::index(id)] && isDue(ReadingTable<Id>::cadences[gna::index(id)]);
  }
  bool due(Reading r) const { return due(r, g.dormant_); }

  /// Stores a value of a part, or the reason for its absence. Above `highest` it is not believed.
  template <typename Id>
  void store(Measurements<Id>& into, Dormant<Id>& dormant, Id id, Return code, double value,
             double highest = std::numeric_limits<double>::infinity()) {
    if (code != kSuccess) {
      if (ReadingTable<Id>::cadences[gna::index(id)] == Cadence::identity) noteIdentity(code);
      into.absent(id, statusOf(code));
      if (isUnsupported(code)) dormant.asleep[gna::index(id)] = true;
    } else if (value > highest || std::isinf(value)) {
      into.absent(id, reading_status::kImplausible);
    } else {
      into.set(id, value);
    }
  }
  template <typename Id, WideUnsigned T>
  void store(Measurements<Id>& into, Dormant<Id>& dormant, Id id, Return code, T raw,
             double highest = std::numeric_limits<double>::infinity()) {
    store(into, dormant, id, code, numberOf(raw), highest);
  }
  template <WideUnsigned T>
  void store(Reading r, Return code, T raw, double highest = std::numeric_limits<double>::infinity()) {
    store(r, code, numberOf(raw), highest);
  }
  void store(Reading r, Return code, double value, double highest = std::numeric_limits<double>::infinity()) {
    store(g.record_.readings, g.dormant_, r, code, value, highest);
  }

  void scalars();
  void identity();
  void memory();
  void utilization();
  void temperature();
  void media();
  void platform();
  void fields();
  void askFields();
  void pcieLaneErrors();
  void sramErrors();
  void spareRows();
  void repairs();
  void fabric();
  void links();
  void linkFields();
  void linkCalls(std::size_t link);
  void peer(const PeerGpu& peer);
  void fans();
  void fan(std::size_t fan);
  bool gpmSupported();
  Return allocate(GpmPair& pair);
  Return sample(GpmPair& pair);
  template <typename Id, std::size_t N>
  void metrics(const GpmRow<Id> (&rows)[N], GpmPair& pair, Return taken, Measurements<Id>& into, Dormant<Id>& dormant);
  void activity();
  void migActivity();
  GpmPair& gpmPairOf(std::uint32_t gpuInstance);
  void copyActivity(const Measurements<MigReading>& from, Measurements<MigReading>& to);
  void forgetMigActivity();
  void freeSamples();
  void processLists();
  void processUse();
  bool processesTold() const;
  void processAccounts();
  Return askProcessUse(std::uint32_t& count);
  void forgetOldUses();
  void addProcessUse(const ProcessUtilizationInfo_v1& sample, std::uint64_t sinceUs);
  bool migEnabled() const;
  void lookAgain();  // at the MIG instances, in the next cycle
  void migDevices();
  void migInstances();
  void migLayout(std::int64_t now);
  shm::MigInstance migIdentity(Device mig, shm::MigInstance instance, bool isNew, MigDormant& dormant);
  void forgetMigInstances();
  void migAttributes(Device mig, Measurements<MigReading>& into, Dormant<MigReading>& dormant);
  void migPlacement(shm::MigInstance& instance, Dormant<MigReading>& dormant);
  void migSlow(Device mig, Measurements<MigReading>& into, Dormant<MigReading>& dormant);
  void migProfiles();
  void migProfileList();
  Return migProfile(std::uint32_t number, shm::MigProfile& profile);
  void migMemory();
};

}  // namespace gna::nvml
