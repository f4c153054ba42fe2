// Values of a GPU or of the node, by the table that tool and library share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

namespace simulator {

enum class Attribute : std::uint32_t {
#define ATTRIBUTE(name, kind) name,
#include "../state/attributes.def"
#undef ATTRIBUTE
};

/// An array of the language: there are more than the template of the library can be made of from a list.
inline constexpr Attribute kEveryAttribute[] = {
#define ATTRIBUTE(name, kind) Attribute::name,
#include "../state/attributes.def"
#undef ATTRIBUTE
};
inline constexpr std::size_t kAttributes = std::size(kEveryAttribute);

/// One value; texts point into the mapped journal, which lives as long as the library.
struct AttributeValue {
  bool present = false;
  std::uint64_t number = 0;
  const char* text = nullptr;
  /// Shown monotonic time at which it was set; counters grow from there.
  std::int64_t setAtNanoseconds = 0;
};

class AttributeTable {
 public:
  AttributeValue& operator[](Attribute attribute) { return values_[static_cast<std::size_t>(attribute)]; }
  const AttributeValue& operator[](Attribute attribute) const { return values_[static_cast<std::size_t>(attribute)]; }

  std::optional<std::uint64_t> number(Attribute attribute) const {
    const AttributeValue& value = (*this)[attribute];
    return value.present ? std::optional(value.number) : std::nullopt;
  }
  std::optional<std::int64_t> signedNumber(Attribute attribute) const {
    const AttributeValue& value = (*this)[attribute];
    return value.present ? std::optional(static_cast<std::int64_t>(value.number)) : std::nullopt;
  }
  /// nullptr when absent.
  const char* text(Attribute attribute) const {
    const AttributeValue& value = (*this)[attribute];
    return value.present ? value.text : nullptr;
  }

 private:
  std::array<AttributeValue, kAttributes> values_;
};

}  // namespace simulator
