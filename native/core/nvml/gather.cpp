#include "core/nvml/gather.h"

namespace gna::nvml {

bool Gather::isDue(Cadence cadence) const {
  switch (cadence) {
    case Cadence::identity: return identityRound;
    case Cadence::minute: return minuteRound;
    case Cadence::medium: return mediumRound;
    case Cadence::cycle: return true;
  }
  return false;
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Every getter that answers one number. Identity rows first, then minute, then cycle; due() sorts them out.
constexpr ScalarRow kScalarRows[] = {
    {Call::DeviceGetMinorNumber, Reading::minor_number, kAsIs},
    {Call::DeviceGetBrand, Reading::brand, kAsIs},
    {Call::DeviceGetArchitecture, Reading::architecture, kAsIs},
    {Call::DeviceGetNumGpuCores, Reading::cuda_cores, kAsIs},
    {Call::DeviceGetModuleId, Reading::module_id, kAsIs},
    {Call::DeviceGetNumaNodeId, Reading::numa_node, kAsIs, Shape::u32, 0, 0, 0xFFFF},
    {Call::DeviceGetVirtualizationMode, Reading::virtualization_mode, kAsIs},
    {Call::DeviceGetDisplayActive, Reading::display_active, kAsIs},
    {Call::DeviceGetMemoryBusWidth, Reading::memory_bus_width_bits, kAsIs},
    {Call::DeviceGetSupportedEventTypes, Reading::supported_event_types, kAsIs, Shape::u64},
    {Call::DeviceGetMaxClockInfo, Reading::clock_graphics_max_hertz, kMegahertz, Shape::u32Indexed, kClockGraphics},
    {Call::DeviceGetMaxClockInfo, Reading::clock_sm_max_hertz, kMegahertz, Shape::u32Indexed, kClockSm},
    {Call::DeviceGetMaxClockInfo, Reading::clock_memory_max_hertz, kMegahertz, Shape::u32Indexed, kClockMem},
    {Call::DeviceGetMaxClockInfo, Reading::clock_video_max_hertz, kMegahertz, Shape::u32Indexed, kClockVideo},
    {Call::DeviceGetPowerManagementDefaultLimit, Reading::power_limit_default_watts, kMilli},
    {Call::DeviceGetTemperatureThreshold, Reading::temperature_threshold_shutdown_celsius, kAsIs, Shape::u32Indexed,
     kTemperatureThresholdShutdown},
    {Call::DeviceGetTemperatureThreshold, Reading::temperature_threshold_slowdown_celsius, kAsIs, Shape::u32Indexed,
     kTemperatureThresholdSlowdown},
    {Call::DeviceGetTemperatureThreshold, Reading::temperature_threshold_memory_max_celsius, kAsIs, Shape::u32Indexed,
     kTemperatureThresholdMemMax},
    {Call::DeviceGetTemperatureThreshold, Reading::temperature_threshold_gpu_max_celsius, kAsIs, Shape::u32Indexed,
     kTemperatureThresholdGpuMax},
    {Call::DeviceGetTemperatureThreshold, Reading::temperature_threshold_acoustic_current_celsius, kAsIs,
     Shape::u32Indexed, kTemperatureThresholdAcousticCurr},
    {Call::DeviceGetMaxPcieLinkGeneration, Reading::pcie_link_generation_max, kAsIs},
    {Call::DeviceGetMaxPcieLinkWidth, Reading::pcie_link_width_lanes_max, kAsIs},
    {Call::DeviceGetPersistenceMode, Reading::persistence_mode_enabled, kAsIs, Shape::u32, 0, 0, 1},
    {Call::DeviceGetComputeMode, Reading::compute_mode, kAsIs},
    {Call::DeviceGetEnforcedPowerLimit, Reading::power_limit_enforced_watts, kMilli},
    {Call::DeviceGetPowerManagementLimit, Reading::power_limit_requested_watts, kMilli},
    {Call::DeviceGetPowerSource, Reading::power_source, kAsIs},
    {Call::DeviceGetTotalEccErrors, Reading::ecc_corrected_total, kAsIs, Shape::u64ByTwo, kMemoryErrorTypeCorrected,
     kVolatileEcc},
    {Call::DeviceGetTotalEccErrors, Reading::ecc_uncorrected_total, kAsIs, Shape::u64ByTwo, kMemoryErrorTypeUncorrected,
     kVolatileEcc},
    {Call::DeviceGetTotalEccErrors, Reading::ecc_corrected_lifetime_total, kAsIs, Shape::u64ByTwo,
     kMemoryErrorTypeCorrected, kAggregateEcc},
    {Call::DeviceGetTotalEccErrors, Reading::ecc_uncorrected_lifetime_total, kAsIs, Shape::u64ByTwo,
     kMemoryErrorTypeUncorrected, kAggregateEcc},
    {Call::DeviceGetEncoderUtilization, Reading::encoder_utilization_ratio, kPercent, Shape::percentAndPeriod, 0, 0,
     100},
    {Call::DeviceGetDecoderUtilization, Reading::decoder_utilization_ratio, kPercent, Shape::percentAndPeriod, 0, 0,
     100},
    {Call::DeviceGetJpgUtilization, Reading::jpeg_utilization_ratio, kPercent, Shape::percentAndPeriod, 0, 0, 100},
    {Call::DeviceGetOfaUtilization, Reading::ofa_utilization_ratio, kPercent, Shape::percentAndPeriod, 0, 0, 100},
    {Call::DeviceGetClockInfo, Reading::clock_graphics_hertz, kMegahertz, Shape::u32Indexed, kClockGraphics},
    {Call::DeviceGetClockInfo, Reading::clock_sm_hertz, kMegahertz, Shape::u32Indexed, kClockSm},
    {Call::DeviceGetClockInfo, Reading::clock_memory_hertz, kMegahertz, Shape::u32Indexed, kClockMem},
    {Call::DeviceGetClockInfo, Reading::clock_video_hertz, kMegahertz, Shape::u32Indexed, kClockVideo},
    {Call::DeviceGetPerformanceState, Reading::performance_state, kAsIs, Shape::u32, 0, 0, 15},
    {Call::DeviceGetCurrentClocksEventReasons, Reading::clocks_event_reasons, kAsIs, Shape::u64, 0, 0, kInfinity,
     Call::DeviceGetCurrentClocksThrottleReasons},
    {Call::DeviceGetPowerUsage, Reading::power_watts, kMilli},
    {Call::DeviceGetTotalEnergyConsumption, Reading::energy_joules_total, kMilli, Shape::u64},
    {Call::DeviceGetCurrPcieLinkGeneration, Reading::pcie_link_generation, kAsIs},
    {Call::DeviceGetCurrPcieLinkWidth, Reading::pcie_link_width_lanes, kAsIs},
    {Call::DeviceGetAccountingMode, Reading::accounting_enabled, kAsIs, Shape::u32, 0, 0, 1},
    {Call::DeviceGetGpuMaxPcieLinkGeneration, Reading::pcie_link_generation_device_max, kAsIs},
    // MBPS in nvml.h are bits of one lane, as in NVML_PCIE_LINK_MAX_SPEED_16000MBPS, which is 16 GT/s.
    {Call::DeviceGetPcieSpeed, Reading::pcie_link_speed_bytes_per_second, kMegabits},
    {Call::DeviceGetMaxCustomerBoostClock, Reading::clock_graphics_customer_boost_max_hertz, kMegahertz,
     Shape::u32Indexed, kClockGraphics},
    {Call::DeviceGetMaxCustomerBoostClock, Reading::clock_sm_customer_boost_max_hertz, kMegahertz, Shape::u32Indexed,
     kClockSm},
    {Call::DeviceGetMaxCustomerBoostClock, Reading::clock_memory_customer_boost_max_hertz, kMegahertz,
     Shape::u32Indexed, kClockMem},
    {Call::DeviceGetMaxCustomerBoostClock, Reading::clock_video_customer_boost_max_hertz, kMegahertz, Shape::u32Indexed,
     kClockVideo},
    {Call::DeviceGetEncoderCapacity, Reading::encoder_capacity_h264_ratio, kPercent, Shape::u32Indexed,
     kEncoderQueryH264, 0, 100},
    {Call::DeviceGetEncoderCapacity, Reading::encoder_capacity_hevc_ratio, kPercent, Shape::u32Indexed,
     kEncoderQueryHevc, 0, 100},
    {Call::DeviceGetEncoderCapacity, Reading::encoder_capacity_av1_ratio, kPercent, Shape::u32Indexed, kEncoderQueryAv1,
     0, 100},
    {Call::DeviceGetMemoryErrorCounter, Reading::ecc_corrected_sram_total, kAsIs, Shape::u64ByThree,
     kMemoryErrorTypeCorrected, kVolatileEcc, kInfinity, Call::none, kMemoryLocationSram},
    {Call::DeviceGetMemoryErrorCounter, Reading::ecc_uncorrected_sram_total, kAsIs, Shape::u64ByThree,
     kMemoryErrorTypeUncorrected, kVolatileEcc, kInfinity, Call::none, kMemoryLocationSram},
    {Call::DeviceGetMemoryErrorCounter, Reading::ecc_corrected_sram_lifetime_total, kAsIs, Shape::u64ByThree,
     kMemoryErrorTypeCorrected, kAggregateEcc, kInfinity, Call::none, kMemoryLocationSram},
    {Call::DeviceGetMemoryErrorCounter, Reading::ecc_uncorrected_sram_lifetime_total, kAsIs, Shape::u64ByThree,
     kMemoryErrorTypeUncorrected, kAggregateEcc, kInfinity, Call::none, kMemoryLocationSram},
};

}  // namespace

void Gather::scalars() {
  for (const ScalarRow& row : kScalarRows) {
    if (!due(row.reading)) continue;
    auto u32 = unwritten<std::uint32_t>(), period = u32;
    auto u64 = unwritten<std::uint64_t>();
    auto ask = [&](Call id) -> Return {
      switch (row.shape) {
        case Shape::u32: return call(id, g.handle_, &u32);
        case Shape::u64: return call(id, g.handle_, &u64);
        case Shape::u32Indexed: return call(id, g.handle_, row.argument, &u32);
        case Shape::percentAndPeriod: return call(id, g.handle_, &u32, &period);
        case Shape::u64ByTwo: return call(id, g.handle_, row.argument, row.argument2, &u64);
        case Shape::u64ByThree: return call(id, g.handle_, row.argument, row.argument2, row.argument3, &u64);
      }
      return kCallSkipped;
    };
    Return r = row.fallback == Call::none ? ask(row.call) : g.refused_[nvml::index(row.call)];
    if (row.fallback != Call::none && r == kSuccess) r = ask(row.call);
    if (row.fallback != Call::none && isOlderDriver(r)) {
      if (r != kNoSuchSymbol) g.refused_[nvml::index(row.call)] = r;
      r = ask(row.fallback);
    }
    const bool wide = row.shape == Shape::u64 || row.shape == Shape::u64ByTwo || row.shape == Shape::u64ByThree;
    const double value = wide ? numberOf(u64) : numberOf(u32);
    store(row.reading, r, value > row.highest ? kNotANumber : row.scale(value));
  }
}

}  // namespace gna::nvml
