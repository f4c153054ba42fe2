#include "ecc_counts.h"

#include <array>

namespace simulator {
namespace {

using enum Attribute;

using Locations = std::array<std::optional<Attribute>, kEccLocations>;

constexpr Locations kCorrectedVolatile = {eccCorrectedVolatileL1,
                                          eccCorrectedVolatileL2,
                                          eccCorrectedVolatileDram,
                                          eccCorrectedVolatileRegisterFile,
                                          eccCorrectedVolatileTexture,
                                          std::nullopt,
                                          std::nullopt,
                                          eccCorrectedVolatileSram};
constexpr Locations kCorrectedAggregate = {eccCorrectedAggregateL1,
                                           eccCorrectedAggregateL2,
                                           eccCorrectedAggregateDram,
                                           eccCorrectedAggregateRegisterFile,
                                           eccCorrectedAggregateTexture,
                                           std::nullopt,
                                           std::nullopt,
                                           eccCorrectedAggregateSram};
constexpr Locations kUncorrectedVolatile = {eccUncorrectedVolatileL1,      eccUncorrectedVolatileL2,
                                            eccUncorrectedVolatileDram,    eccUncorrectedVolatileRegisterFile,
                                            eccUncorrectedVolatileTexture, std::nullopt,
                                            eccUncorrectedVolatileCbu,     eccUncorrectedVolatileSram};
constexpr Locations kUncorrectedAggregate = {eccUncorrectedAggregateL1,      eccUncorrectedAggregateL2,
                                             eccUncorrectedAggregateDram,    eccUncorrectedAggregateRegisterFile,
                                             eccUncorrectedAggregateTexture, std::nullopt,
                                             eccUncorrectedAggregateCbu,     eccUncorrectedAggregateSram};

const Locations& locationsOf(unsigned kind, unsigned span) {
  if (kind == 0) return span == 0 ? kCorrectedVolatile : kCorrectedAggregate;
  return span == 0 ? kUncorrectedVolatile : kUncorrectedAggregate;
}

}  // namespace

std::optional<std::uint64_t> eccErrors(const Gpu& gpu, unsigned kind, unsigned span, unsigned location) {
  const auto attribute = locationsOf(kind, span)[location];
  if (!attribute || gpu.attributes.number(eccMode) != 1) return std::nullopt;
  return gpu.attributes.number(*attribute);
}

std::optional<std::uint64_t> totalEccErrors(const Gpu& gpu, unsigned kind, unsigned span) {
  std::optional<std::uint64_t> total;
  for (unsigned location = 0; location < kEccLocations; ++location) {
    const auto errors = eccErrors(gpu, kind, span, location);
    if (errors) total = total.value_or(0) + *errors;
  }
  return total;
}

}  // namespace simulator
