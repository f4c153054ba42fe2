#pragma once
// Sizes in 64-bit words that writer and reader of the encoded sweep (encoding.h) share.

#include <cstddef>
#include <cstdint>

namespace gna::hami {

inline constexpr std::size_t kHeaderWords = 10;
inline constexpr std::size_t kRootWords = 4;
inline constexpr std::size_t kContainerWords = 5;  // before the names
inline constexpr std::size_t kFileWords = 7;
inline constexpr std::size_t kDeviceWords = 14;
inline constexpr std::size_t kProcessWords = 2;
inline constexpr std::size_t kCellWords = 3;

constexpr std::size_t wordsOfBytes(std::size_t bytes) { return (bytes + 7) / 8; }

}  // namespace gna::hami
