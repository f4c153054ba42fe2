// What the board's memory has gone through: SRAM errors by unit, spare rows, repairs that wait for a reset.

#include "core/nvml/gather.h"

namespace gna::nvml {

void Gather::sramErrors() {
  if (!due(Reading::ecc_sram_threshold_exceeded)) return;
  EccSramErrorStatus_v1 s{};
  s.version = kEccSramErrorStatus_v1Version;
  const Return code = call(Call::DeviceGetSramEccErrorStatus, g.handle_, &s);
  auto put = [&](Reading r, std::uint64_t count) { store(r, code, count); };
  put(Reading::ecc_sram_uncorrected_parity_total, s.volatileUncParity);
  put(Reading::ecc_sram_uncorrected_secded_total, s.volatileUncSecDed);
  put(Reading::ecc_sram_uncorrected_parity_lifetime_total, s.aggregateUncParity);
  put(Reading::ecc_sram_uncorrected_secded_lifetime_total, s.aggregateUncSecDed);
  put(Reading::ecc_sram_uncorrected_l2_lifetime_total, s.aggregateUncBucketL2);
  put(Reading::ecc_sram_uncorrected_sm_lifetime_total, s.aggregateUncBucketSm);
  put(Reading::ecc_sram_uncorrected_mcu_lifetime_total, s.aggregateUncBucketMcu);
  put(Reading::ecc_sram_uncorrected_pcie_lifetime_total, s.aggregateUncBucketPcie);
  put(Reading::ecc_sram_uncorrected_other_lifetime_total, s.aggregateUncBucketOther);
  put(Reading::ecc_sram_threshold_exceeded, s.bThresholdExceeded != 0);
}

void Gather::spareRows() {
  if (!due(Reading::row_remap_banks_max)) return;
  auto banks = unwritten<RowRemapperHistogramValues>();
  const Return code = call(Call::DeviceGetRowRemapperHistogram, g.handle_, &banks);
  store(Reading::row_remap_banks_max, code, banks.max);
  store(Reading::row_remap_banks_high, code, banks.high);
  store(Reading::row_remap_banks_partial, code, banks.partial);
  store(Reading::row_remap_banks_low, code, banks.low);
  store(Reading::row_remap_banks_none, code, banks.none);
}

void Gather::repairs() {
  if (due(Reading::channel_repair_pending)) {
    RepairStatus_v1 status{kRepairStatus_v1Version, 0, 0};
    const Return code = call(Call::DeviceGetRepairStatus, g.handle_, &status);
    store(Reading::channel_repair_pending, code, status.bChannelRepairPending != 0);
    store(Reading::tpc_repair_pending, code, status.bTpcRepairPending != 0);
  }
  if (due(Reading::memory_unrepairable)) {
    UnrepairableMemoryStatus_v1 status{};
    const Return code = call(Call::DeviceGetUnrepairableMemoryFlag_v1, g.handle_, &status);
    store(Reading::memory_unrepairable, code, status.bUnrepairableMemory != 0);
  }
  if (due(Reading::dram_encryption_enabled)) {
    DramEncryptionInfo_v1 current{kDramEncryptionInfo_v1Version, 0}, pending{kDramEncryptionInfo_v1Version, 0};
    const Return code = call(Call::DeviceGetDramEncryptionMode, g.handle_, &current, &pending);
    store(Reading::dram_encryption_enabled, code, current.encryptionState, 1);
  }
}

}  // namespace gna::nvml
