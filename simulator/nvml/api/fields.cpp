// Field values: many readings in one call.
#include <array>
#include <bit>
#include <optional>

#include "../branch.h"
#include "../call.h"
#include "../ecc_counts.h"
#include "../nvlinks.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr std::uint32_t kAllLinks = 0xFFFFFFFFU;
constexpr std::uint32_t kWholeGpuScope = 0;
constexpr std::uint32_t kModuleScope = 1;
constexpr std::uint32_t kMemoryScope = 2;
constexpr std::uint64_t kAmpere = 7;
constexpr std::uint64_t kHopper = 9;
constexpr std::uint64_t kBlackwell = 10;
constexpr std::uint64_t kSwitch = 2;
/// First ids of header 12.5, which a branch knows when its table reaches beyond that of 12.4.
constexpr std::uint32_t kFieldEnd124 = 200;

/// Averages of power are taken over so long.
constexpr std::int64_t kAveragedNanoseconds = 1'000'000'000;

struct Answer {
  Return status;
  ValueType type;
  Value value;
};

Answer refuse(Return status) { return {status, ValueType::UnsignedInt, {}}; }

Answer count(std::optional<std::uint64_t> number) {
  if (!number) return refuse(kNotSupported);
  Answer answer{kSuccess, ValueType::UnsignedLongLong, {}};
  answer.value.asUnsignedLongLong = *number;
  return answer;
}

template <class Number>
Answer unsignedInt(std::optional<Number> number) {
  if (!number) return refuse(kNotSupported);
  Answer answer{kSuccess, ValueType::UnsignedInt, {}};
  answer.value.asUnsignedInt = static_cast<std::uint32_t>(*number);
  return answer;
}

Answer signedInt(std::optional<std::int64_t> number) {
  if (!number) return refuse(kNotSupported);
  Answer answer{kSuccess, ValueType::SignedInt, {}};
  answer.value.asSignedInt = static_cast<std::int32_t>(*number);
  return answer;
}

/// Ids 7-17 (volatile) and 18-28 (aggregate): kind and location in the order of the ids.
struct EccField {
  unsigned kind;
  unsigned location;
};
constexpr std::array kEccFields = {EccField{0, 0}, EccField{1, 0}, EccField{0, 1}, EccField{1, 1},
                                   EccField{0, 2}, EccField{1, 2}, EccField{0, 3}, EccField{1, 3},
                                   EccField{0, 4}, EccField{1, 4}, EccField{1, 6}};

/// Ids 173-182.
constexpr std::array kPcieCounters = {
    pcieCorrectableErrors, pcieNaksReceived, pcieReceiverErrors,      pcieBadTlps,   pcieNaksSent, pcieBadDllps,
    pcieNonFatalErrors,    pcieFatalErrors,  pcieUnsupportedRequests, pcieLcrcErrors};

/// Ids 75 and 77-81.
constexpr std::array kViolations = {violationThermalNanoseconds,           violationBoardLimitNanoseconds,
                                    violationLowUtilizationNanoseconds,    violationReliabilityNanoseconds,
                                    violationApplicationClocksNanoseconds, violationBaseClocksNanoseconds};

/// A counter of NVLink 5 and its id.
struct LinkField {
  std::uint32_t id;
  Attribute counter;
};
constexpr std::array kLinkFields = {
    LinkField{201, nvlinkTransmittedPackets},    LinkField{202, nvlinkTransmittedBytes},
    LinkField{203, nvlinkReceivedPackets},       LinkField{204, nvlinkReceivedBytes},
    LinkField{206, nvlinkMalformedPacketErrors}, LinkField{207, nvlinkBufferOverrunErrors},
    LinkField{208, nvlinkReceiveErrors},         LinkField{209, nvlinkReceiveRemoteErrors},
    LinkField{210, nvlinkReceiveGeneralErrors},  LinkField{211, nvlinkLinkIntegrityErrors},
    LinkField{212, nvlinkTransmitDiscards},      LinkField{213, nvlinkRecoveriesSuccessful},
    LinkField{214, nvlinkRecoveriesFailed},      LinkField{215, nvlinkRecoveryEvents},
    LinkField{219, nvlinkEffectiveErrors},       LinkField{221, nvlinkSymbolErrors}};

constexpr std::uint32_t kFirstFecBin = 235;
constexpr std::uint32_t kFecBins = 16;

class Fields {
 public:
  explicit Fields(const Call& call) : gpu_(call.gpu), attributes_(call.gpu.attributes), now_(call.now()) {}

  const Instant& now() const { return now_; }

  Answer read(std::uint32_t id, std::uint32_t scope) const {
    if (id == 0 || id >= kBranch.fieldEnd) return refuse(kNotSupported);
    if (id <= 31 || id == 92 || id == 93) return ecc(id);
    if (isMoved(id)) return moved(id);
    if (id <= 59 || (id >= 84 && id <= 137 && id != 91 && id != 94 && id != 95) || (id >= 148 && id <= 160)) {
      return oldLink(id);
    }
    if (id == 91 || (id >= 138 && id <= 141) || id == 146 || id == 147 || (id >= 161 && id <= 168)) {
      return link(id, scope);
    }
    if (id >= 170 && id <= 172) return chipLink(id, scope);
    if ((id >= 201 && id <= 222) || (id >= kFirstFecBin && id < kFirstFecBin + kFecBins)) return newLink(id, scope);
    if (id >= 231 && id <= 234) return chipLink(id, scope);
    if (id == 94 || id == 95 || (id >= 169 && id <= 183) || id == 197 || id == 198) return pcie(id, scope);
    if (id >= 185 && id <= 192) return power(id, scope);
    return single(id);
  }

 private:
  std::int64_t at() const { return now_.monotonicNanoseconds; }
  Answer counterOf(Attribute attribute) const { return count(gpu_.counter(attribute, at())); }

  static bool isMoved(std::uint32_t id) {
    const MovedFields& fields = kBranch.moved;
    return id == fields.swThermalSlowdown || id == fields.hwThermalSlowdown || id == fields.hwPowerBrakeSlowdown;
  }

  Answer moved(std::uint32_t id) const {
    if (id == kBranch.moved.swThermalSlowdown) return counterOf(throttleSwThermalNanoseconds);
    if (id == kBranch.moved.hwThermalSlowdown) return counterOf(throttleHwThermalNanoseconds);
    return counterOf(throttlePowerBrakeNanoseconds);
  }

  Answer ecc(std::uint32_t id) const {
    switch (id) {
      case 1: return unsignedInt(attributes_.number(eccMode));
      case 2: return unsignedInt(attributes_.number(eccModePending));
      case 3: return count(totalEccErrors(gpu_, 0, 0));
      case 4: return count(totalEccErrors(gpu_, 1, 0));
      case 5: return count(totalEccErrors(gpu_, 0, 1));
      case 6: return count(totalEccErrors(gpu_, 1, 1));
      case 29: return count(attributes_.number(retiredPagesSingleBit));
      case 30: return count(attributes_.number(retiredPagesDoubleBit));
      case 31:
      case 92:
      case 93: return unsignedInt(attributes_.number(retiredPagesPending));
      default: break;
    }
    const std::uint32_t place = id - 7;
    const unsigned span = place < kEccFields.size() ? 0 : 1;
    const EccField& field = kEccFields[place % kEccFields.size()];
    return count(eccErrors(gpu_, field.kind, span, field.location));
  }

  std::uint64_t generation() const { return attributes_.number(architecture).value_or(0); }

  /// Ids with the link in the id, from before Hopper: totals at 38, 45, 52, 59, links 0-5 before them, 6-11 from 96
  /// on; those of ECC errors together from 148, with the total at 160.
  Answer oldLink(std::uint32_t id) const {
    if (generation() >= kHopper) return refuse(kNotSupported);
    constexpr std::uint32_t kFirstEcc = 148;
    constexpr std::uint32_t kEccTotal = 160;
    if (id == kEccTotal) return count(allLinksCounter(gpu_, nvlinkEccDataErrors, at()));
    if (id >= kFirstEcc) {
      const Return checked = checkLink(gpu_, id - kFirstEcc);
      return checked == kSuccess ? count(linkCounter(gpu_, nvlinkEccDataErrors, id - kFirstEcc, at()))
                                 : refuse(checked);
    }
    struct Block {
      std::uint32_t first;
      std::uint32_t later;
      Attribute counter;
    };
    constexpr std::array kBlocks = {Block{32, 96, nvlinkCrcErrors}, Block{39, 102, nvlinkCrcDataErrors},
                                    Block{46, 108, nvlinkReplayErrors}, Block{53, 114, nvlinkRecoveryErrors}};
    for (const Block& block : kBlocks) {
      if (id == block.first + 6) return count(allLinksCounter(gpu_, block.counter, at()));
      const bool early = id >= block.first && id < block.first + 6;
      if (!early && (id < block.later || id >= block.later + 6)) continue;
      const std::uint32_t number = early ? id - block.first : id - block.later + 6;
      const Return checked = checkLink(gpu_, number);
      return checked == kSuccess ? count(linkCounter(gpu_, block.counter, number, at())) : refuse(checked);
    }
    const bool speed = (id >= 84 && id <= 90) || (id >= 132 && id <= 137);
    if (!speed) return refuse(kNotSupported);
    if (id == 90) return unsignedInt(attributes_.number(nvlinkSpeedMegabytesPerSecond));
    const Return checked = checkLink(gpu_, id <= 89 ? id - 84 : id - 132 + 6);
    return checked == kSuccess ? unsignedInt(attributes_.number(nvlinkSpeedMegabytesPerSecond)) : refuse(checked);
  }

  Answer link(std::uint32_t id, std::uint32_t scope) const {
    // A GPU of Hopper or newer tells nothing of its links in MIG mode, not even how many there are.
    if (id == 91)
      return hasLinks(gpu_) || generation() < kHopper ? unsignedInt(attributes_.number(nvlinks))
                                                      : refuse(kNotSupported);
    if (id == 147) return unsignedInt(switchLinks());
    // Of these, links of Blackwell and newer count others.
    if (id >= 161 && id <= 163 && generation() >= kBlackwell) return refuse(kNotSupported);
    const bool all = scope == kAllLinks && (id <= 141 || (id >= 161 && id <= 163));
    const Return checked = checkLink(gpu_, all ? 0 : scope);
    if (checked != kSuccess) return refuse(checked);
    const auto counter = [&](Attribute attribute) {
      return all ? allLinksCounter(gpu_, attribute, at()) : linkCounter(gpu_, attribute, scope, at());
    };
    // Raw traffic has the protocol's overhead of one part in eight.
    const auto raw = [&](Attribute attribute) {
      const auto data = counter(attribute);
      return data ? std::optional(*data + *data / 8) : std::nullopt;
    };
    switch (id) {
      case 138: return count(counter(nvlinkDataTransmittedKibibytes));
      case 139: return count(counter(nvlinkDataReceivedKibibytes));
      case 140: return count(raw(nvlinkDataTransmittedKibibytes));
      case 141: return count(raw(nvlinkDataReceivedKibibytes));
      case 161: return count(counter(nvlinkReplayErrors));
      case 162: return count(counter(nvlinkRecoveryErrors));
      case 163: return count(counter(nvlinkCrcErrors));
      case 164: return unsignedInt(attributes_.number(nvlinkSpeedMegabytesPerSecond));
      case 165: return unsignedInt(std::optional(isLinkActive(gpu_, scope) ? 1U : 0U));
      case 166: return unsignedInt(attributes_.number(nvlinkVersion));
      case 146: return unsignedInt(perLink(nvlinkRemoteLink, scope));
      case 167: return unsignedInt(bit(nvlinksLowPower, scope));
      default: return refuse(kNotSupported);
    }
  }

  /// Links that lead to a switch and are up.
  std::optional<std::uint64_t> switchLinks() const {
    if (!hasLinks(gpu_) || attributes_.number(nvlinkRemoteType) != kSwitch) return std::nullopt;
    return std::popcount(attributes_.number(nvlinksActive).value_or(0));
  }

  std::optional<std::uint64_t> perLink(Attribute ofFirst, std::uint32_t link) const {
    const auto first = attributes_.number(ofFirst);
    return first ? std::optional(*first + link) : std::nullopt;
  }

  std::optional<std::uint64_t> bit(Attribute mask, std::uint32_t link) const {
    const auto bits = attributes_.number(mask);
    return bits ? std::optional(*bits >> link & 1U) : std::nullopt;
  }

  /// What NVLink 5 counts.
  Answer newLink(std::uint32_t id, std::uint32_t scope) const {
    const Return checked = checkLink(gpu_, scope);
    if (checked != kSuccess) return refuse(checked);
    if (id == 220) return unsignedInt(attributes_.number(nvlinkEffectiveBitErrors));
    if (id == 222) return unsignedInt(attributes_.number(nvlinkSymbolBitErrors));
    for (const LinkField& field : kLinkFields) {
      if (field.id == id) return count(linkCounter(gpu_, field.counter, scope, at()));
    }
    if (id < kFirstFecBin) return refuse(kNotSupported);
    const auto first = gpu_.counter(nvlinkFecCorrected, at());
    return count(first ? std::optional((*first >> 2U * (id - kFirstFecBin)) + scope) : std::nullopt);
  }

  /// Links between the chips of a superchip.
  Answer chipLink(std::uint32_t id, std::uint32_t scope) const {
    const auto links = attributes_.number(c2cLinks);
    if (id == 170 || !links) return unsignedInt(links);
    if (scope >= *links) return refuse(kInvalidArgument);
    switch (id) {
      case 171: return unsignedInt(bit(c2cLinksActive, scope));
      case 172: return unsignedInt(perLink(c2cLinkSpeedMegabytesPerSecond, scope));
      case 231: return count(perLink(c2cInterruptErrors, scope));
      case 232: return count(perLink(c2cReplayErrors, scope));
      case 233: return count(perLink(c2cReplayBackToBackErrors, scope));
      default: return unsignedInt(bit(c2cLinksLowPower, scope));
    }
  }

  Answer pcie(std::uint32_t id, std::uint32_t scope) const {
    switch (id) {
      case 94: return counterOf(pcieReplays);
      case 95: return counterOf(pcieReplayRollovers);
      case 169: return counterOf(pcieRecoveries);
      case 183:
        if (scope >= attributes_.number(pcieWidthMax).value_or(0)) return refuse(kInvalidArgument);
        return count(perLink(pcieLaneErrors, scope));
      case 197:
      case 198:
        if (kBranch.fieldEnd <= kFieldEnd124) return refuse(kNotSupported);
        return counterOf(id == 197 ? pcieTransmittedBytes : pcieReceivedBytes);
      default: break;
    }
    return id >= 173 && id < 173 + kPcieCounters.size() ? counterOf(kPcieCounters[id - 173]) : refuse(kNotSupported);
  }

  Answer power(std::uint32_t id, std::uint32_t scope) const {
    if (scope == kMemoryScope) return memoryPower(id);
    if (scope == kModuleScope) return modulePower(id);
    if (scope != kWholeGpuScope) return refuse(scope > 3 ? kInvalidArgument : kNotSupported);
    switch (id) {
      case 185:
        // Boards before Ampere measure at an instant and keep no average.
        if (attributes_.number(architecture).value_or(0) < kAmpere) return refuse(kNotSupported);
        return unsignedInt(
            gpu_.meanPowerMilliwatts(powerIdleMilliwatts, powerFullLoadMilliwatts, at() - kAveragedNanoseconds, at()));
      case 186:
        return unsignedInt(gpu_.atLoad(powerIdleMilliwatts, powerFullLoadMilliwatts, gpu_.load.percentAt(at())));
      case 187: return unsignedInt(attributes_.number(powerLimitMinMilliwatts));
      case 188: return unsignedInt(attributes_.number(powerLimitMaxMilliwatts));
      case 189: return unsignedInt(attributes_.number(powerLimitDefaultMilliwatts));
      case 190: return unsignedInt(attributes_.number(powerLimitEnforcedMilliwatts));
      case 191: return counterOf(energyMillijoules);
      case 192: return unsignedInt(attributes_.number(powerLimitMilliwatts));
      default: return refuse(kNotSupported);
    }
  }

  Answer memoryPower(std::uint32_t id) const {
    switch (id) {
      case 185: return unsignedInt(attributes_.number(memoryPowerAverageMilliwatts));
      case 186: return unsignedInt(attributes_.number(memoryPowerInstantMilliwatts));
      case 191: return counterOf(memoryEnergyMillijoules);
      default: return refuse(kNotSupported);
    }
  }

  Answer modulePower(std::uint32_t id) const {
    switch (id) {
      case 185:
        return unsignedInt(gpu_.meanPowerMilliwatts(modulePowerIdleMilliwatts, modulePowerFullLoadMilliwatts,
                                                    at() - kAveragedNanoseconds, at()));
      case 186:
        return unsignedInt(
            gpu_.atLoad(modulePowerIdleMilliwatts, modulePowerFullLoadMilliwatts, gpu_.load.percentAt(at())));
      case 187: return unsignedInt(attributes_.number(modulePowerLimitMinMilliwatts));
      case 188: return unsignedInt(attributes_.number(modulePowerLimitMaxMilliwatts));
      case 189: return unsignedInt(attributes_.number(modulePowerLimitDefaultMilliwatts));
      case 190: return unsignedInt(attributes_.number(modulePowerLimitEnforcedMilliwatts));
      case 191: return counterOf(moduleEnergyMillijoules);
      case 192: return unsignedInt(attributes_.number(modulePowerLimitMilliwatts));
      default: return refuse(kNotSupported);
    }
  }

  Answer single(std::uint32_t id) const {
    if (id == 75) return counterOf(kViolations[0]);
    if (id >= 77 && id <= 81) return counterOf(kViolations[id - 76]);
    switch (id) {
      case 74: return counterOf(throttlePowerCapNanoseconds);
      case 76: return counterOf(throttleSyncBoostNanoseconds);
      case 82: {
        const std::int64_t percent = gpu_.load.percentAt(at());
        return unsignedInt(gpu_.atLoad(memoryTemperatureIdleCelsius, memoryTemperatureFullLoadCelsius, percent));
      }
      case 83: return counterOf(energyMillijoules);
      case 142: return remapped(remappedRowsCorrected);
      case 143: return remapped(remappedRowsUncorrected);
      case 144: return remapped(remappedRowsPending);
      case 145: return remapped(remappedRowsFailure);
      case 193: return signedInt(attributes_.signedNumber(tlimitShutdownCelsius));
      case 194: return signedInt(attributes_.signedNumber(tlimitSlowdownCelsius));
      case 195: return signedInt(attributes_.signedNumber(tlimitMemoryMaxCelsius));
      case 196: return signedInt(attributes_.signedNumber(tlimitGpuMaxCelsius));
      case 230: return unsignedInt(attributes_.number(recoveryAction));
      case 274: return unsignedInt(attributes_.number(edppMultiplierPercent));
      default: return refuse(kNotSupported);
    }
  }

  /// Not answered while the GPU is divided.
  Answer remapped(Attribute attribute) const {
    for (const auto& slot : gpu_.migInstances) {
      if (slot) return refuse(kNotSupported);
    }
    return unsignedInt(attributes_.number(attribute));
  }

  const Gpu& gpu_;
  const AttributeTable& attributes_;
  const Instant now_;
};

}  // namespace

NVML_API Return nvmlDeviceGetFieldValues(DeviceHandle device, int valuesCount, FieldValue* values) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (values == nullptr || valuesCount <= 0) return kInvalidArgument;
    const Fields fields(call);
    for (int i = 0; i < valuesCount; ++i) {
      const RecordedNumber* recorded = call.view.recorded.field(call.gpuIndex, values[i].fieldId, values[i].scopeId);
      const Answer answer = recorded == nullptr
                                ? fields.read(values[i].fieldId, values[i].scopeId)
                                : Answer{recorded->code, recorded->type, {.asUnsignedLongLong = recorded->bits}};
      values[i].status = answer.status;
      if (answer.status != kSuccess) continue;
      values[i].timestamp = fields.now().realtimeNanoseconds / 1000;
      values[i].latencyUsec = 0;
      values[i].valueType = answer.type;
      values[i].value = answer.value;
    }
    return kSuccess;
  });
}
