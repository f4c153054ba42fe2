#pragma once
// Metrics of GPM (Hopper and newer) that the agent reads: nvml.md §8.

#include <cstdint>

#include "core/readings/readings.h"

namespace gna::nvml {

/// In what the driver gives a metric.
enum class GpmUnit : std::uint8_t {
  percent,  // 0-100
  rate,     // MiB/s as documented; another unit is taken from what the driver names
  count,    // cumulative
};

template <typename Id>
struct GpmRow {
  Id reading;
  std::uint32_t metric;
  GpmUnit unit;
  std::uint32_t since = 0;  // first driver branch (major number) that has it
};

inline constexpr GpmRow<Reading> kGpmRows[] = {
    {Reading::graphics_activity_ratio, 1, GpmUnit::percent},
    {Reading::sm_activity_ratio, 2, GpmUnit::percent},
    {Reading::sm_occupancy_ratio, 3, GpmUnit::percent},
    {Reading::tensor_any_activity_ratio, 5, GpmUnit::percent},
    {Reading::tensor_dfma_activity_ratio, 6, GpmUnit::percent},
    {Reading::tensor_hmma_activity_ratio, 7, GpmUnit::percent},
    {Reading::tensor_dmma_activity_ratio, 8, GpmUnit::percent, 595},
    {Reading::tensor_imma_activity_ratio, 9, GpmUnit::percent},
    {Reading::pipe_int_activity_ratio, 4, GpmUnit::percent},
    {Reading::pipe_fp64_activity_ratio, 11, GpmUnit::percent},
    {Reading::pipe_fp32_activity_ratio, 12, GpmUnit::percent},
    {Reading::pipe_fp16_activity_ratio, 13, GpmUnit::percent},
    {Reading::dram_activity_ratio, 10, GpmUnit::percent},
    {Reading::nvdec_0_activity_ratio, 30, GpmUnit::percent},
    {Reading::nvdec_1_activity_ratio, 31, GpmUnit::percent},
    {Reading::nvdec_2_activity_ratio, 32, GpmUnit::percent},
    {Reading::nvdec_3_activity_ratio, 33, GpmUnit::percent},
    {Reading::nvdec_4_activity_ratio, 34, GpmUnit::percent},
    {Reading::nvdec_5_activity_ratio, 35, GpmUnit::percent},
    {Reading::nvdec_6_activity_ratio, 36, GpmUnit::percent},
    {Reading::nvdec_7_activity_ratio, 37, GpmUnit::percent},
    {Reading::nvjpg_0_activity_ratio, 40, GpmUnit::percent},
    {Reading::nvjpg_1_activity_ratio, 41, GpmUnit::percent},
    {Reading::nvjpg_2_activity_ratio, 42, GpmUnit::percent},
    {Reading::nvjpg_3_activity_ratio, 43, GpmUnit::percent},
    {Reading::nvjpg_4_activity_ratio, 44, GpmUnit::percent},
    {Reading::nvjpg_5_activity_ratio, 45, GpmUnit::percent},
    {Reading::nvjpg_6_activity_ratio, 46, GpmUnit::percent},
    {Reading::nvjpg_7_activity_ratio, 47, GpmUnit::percent},
    {Reading::nvofa_0_activity_ratio, 50, GpmUnit::percent},
    {Reading::nvofa_1_activity_ratio, 51, GpmUnit::percent, 560},
    {Reading::nvenc_0_activity_ratio, 166, GpmUnit::percent, 575},
    {Reading::nvenc_1_activity_ratio, 167, GpmUnit::percent, 575},
    {Reading::nvenc_2_activity_ratio, 168, GpmUnit::percent, 575},
    {Reading::nvenc_3_activity_ratio, 169, GpmUnit::percent, 575},
    {Reading::gpm_pcie_transmit_bytes_per_second, 20, GpmUnit::rate},
    {Reading::gpm_pcie_receive_bytes_per_second, 21, GpmUnit::rate},
    {Reading::gpm_nvlink_receive_bytes_per_second, 60, GpmUnit::rate},
    {Reading::gpm_nvlink_transmit_bytes_per_second, 61, GpmUnit::rate},
    {Reading::c2c_transmit_total_bytes_per_second, 100, GpmUnit::rate},
    {Reading::c2c_receive_total_bytes_per_second, 101, GpmUnit::rate},
    {Reading::c2c_transmit_data_bytes_per_second, 102, GpmUnit::rate},
    {Reading::c2c_receive_data_bytes_per_second, 103, GpmUnit::rate},
    {Reading::sm_elapsed_cycles_total, 248, GpmUnit::count, 595},
    {Reading::sm_active_cycles_total, 249, GpmUnit::count, 595},
    {Reading::tensor_any_active_cycles_total, 250, GpmUnit::count, 595},
    {Reading::tensor_dmma_active_cycles_total, 251, GpmUnit::count, 595},
    {Reading::tensor_hmma_active_cycles_total, 252, GpmUnit::count, 595},
    {Reading::tensor_imma_active_cycles_total, 253, GpmUnit::count, 595},
    {Reading::tensor_dfma_active_cycles_total, 254, GpmUnit::count, 595},
    {Reading::pipe_int_active_cycles_total, 257, GpmUnit::count, 595},
    {Reading::pipe_fp64_active_cycles_total, 258, GpmUnit::count, 595},
    {Reading::pipe_fp32_active_cycles_total, 259, GpmUnit::count, 595},
    {Reading::pipe_fp16_active_cycles_total, 260, GpmUnit::count, 595},
};

inline constexpr GpmRow<MigReading> kMigGpmRows[] = {
    {MigReading::graphics_activity_ratio, 1, GpmUnit::percent},
    {MigReading::sm_activity_ratio, 2, GpmUnit::percent},
    {MigReading::sm_occupancy_ratio, 3, GpmUnit::percent},
    {MigReading::tensor_any_activity_ratio, 5, GpmUnit::percent},
    {MigReading::tensor_dfma_activity_ratio, 6, GpmUnit::percent},
    {MigReading::tensor_hmma_activity_ratio, 7, GpmUnit::percent},
    {MigReading::tensor_dmma_activity_ratio, 8, GpmUnit::percent, 595},
    {MigReading::tensor_imma_activity_ratio, 9, GpmUnit::percent},
    {MigReading::pipe_int_activity_ratio, 4, GpmUnit::percent},
    {MigReading::pipe_fp64_activity_ratio, 11, GpmUnit::percent},
    {MigReading::pipe_fp32_activity_ratio, 12, GpmUnit::percent},
    {MigReading::pipe_fp16_activity_ratio, 13, GpmUnit::percent},
    {MigReading::dram_activity_ratio, 10, GpmUnit::percent},
    {MigReading::nvdec_0_activity_ratio, 30, GpmUnit::percent},
    {MigReading::nvdec_1_activity_ratio, 31, GpmUnit::percent},
    {MigReading::nvdec_2_activity_ratio, 32, GpmUnit::percent},
    {MigReading::nvdec_3_activity_ratio, 33, GpmUnit::percent},
    {MigReading::nvdec_4_activity_ratio, 34, GpmUnit::percent},
    {MigReading::nvdec_5_activity_ratio, 35, GpmUnit::percent},
    {MigReading::nvdec_6_activity_ratio, 36, GpmUnit::percent},
    {MigReading::nvdec_7_activity_ratio, 37, GpmUnit::percent},
    {MigReading::nvjpg_0_activity_ratio, 40, GpmUnit::percent},
    {MigReading::nvjpg_1_activity_ratio, 41, GpmUnit::percent},
    {MigReading::nvjpg_2_activity_ratio, 42, GpmUnit::percent},
    {MigReading::nvjpg_3_activity_ratio, 43, GpmUnit::percent},
    {MigReading::nvjpg_4_activity_ratio, 44, GpmUnit::percent},
    {MigReading::nvjpg_5_activity_ratio, 45, GpmUnit::percent},
    {MigReading::nvjpg_6_activity_ratio, 46, GpmUnit::percent},
    {MigReading::nvjpg_7_activity_ratio, 47, GpmUnit::percent},
    {MigReading::nvofa_0_activity_ratio, 50, GpmUnit::percent},
    {MigReading::nvofa_1_activity_ratio, 51, GpmUnit::percent, 560},
    {MigReading::nvenc_0_activity_ratio, 166, GpmUnit::percent, 575},
    {MigReading::nvenc_1_activity_ratio, 167, GpmUnit::percent, 575},
    {MigReading::nvenc_2_activity_ratio, 168, GpmUnit::percent, 575},
    {MigReading::nvenc_3_activity_ratio, 169, GpmUnit::percent, 575},
};

}  // namespace gna::nvml
