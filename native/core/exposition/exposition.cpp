#include "core/exposition/exposition.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/exposition/number.h"

namespace gna::exposition {

namespace {

constexpr std::string_view kEndOfOpenMetrics = "# EOF\n";

char* copy(char* out, std::string_view bytes) noexcept {
  // An empty view may have no address, which memcpy must not be given.
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

}  // namespace

bool Exposition::fits(std::size_t more) const noexcept {
  return more <= std::numeric_limits<std::uint32_t>::max() - bytes_.size();
}

Exposition::Piece Exposition::store(std::string_view bytes) {
  const Piece piece{static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(bytes.size())};
  bytes_.append(bytes);
  return piece;
}

bool Exposition::addFamily(std::string_view headerText, std::string_view headerOpenMetrics) {
  if (!fits(headerText.size() + headerOpenMetrics.size())) return false;
  Family family;
  family.header[0] = store(headerText);
  family.header[1] = store(headerOpenMetrics);
  family.lineEnd = lines_.size();
  families_.push_back(family);
  bytesMax_[0] += headerText.size();
  bytesMax_[1] += headerOpenMetrics.size();
  return true;
}

bool Exposition::addLine(std::string_view text, std::string_view openMetrics, std::uint32_t slot) {
  if (families_.empty() || !fits(text.size() + openMetrics.size())) return false;
  Line line;
  line.prefix[0] = store(text);
  // Nearly all lines are the same in both formats: kept once.
  line.prefix[1] = text == openMetrics ? line.prefix[0] : store(openMetrics);
  line.slot = slot;
  lines_.push_back(line);
  families_.back().lineEnd = lines_.size();
  slotCount_ = std::max(slotCount_, static_cast<std::size_t>(slot) + 1);
  bytesMax_[0] += text.size() + kNumberBytesMax + 1;
  bytesMax_[1] += openMetrics.size() + kNumberBytesMax + 1;
  return true;
}

std::size_t Exposition::bytesMax(Format format, std::span<const Insert> inserts) const noexcept {
  std::size_t bytes = bytesMax_[static_cast<std::size_t>(format)];
  for (const Insert& insert : inserts) bytes += insert.bytes.size();
  return bytes + (format == Format::openMetrics ? kEndOfOpenMetrics.size() : 0);
}

std::optional<std::size_t> Exposition::render(std::span<const double> values, Format format,
                                              std::span<const Insert> inserts, std::span<char> out) const noexcept {
  // One check for all that follows: no line can be longer than its prefix and the longest number.
  if (out.size() < bytesMax(format, inserts)) return std::nullopt;
  const auto kind = static_cast<std::size_t>(format);
  char* end = out.data();
  auto insert = inserts.begin();
  std::size_t line = 0;
  for (std::size_t family = 0; family < families_.size(); ++family) {
    for (; insert != inserts.end() && insert->beforeFamily <= family; ++insert) end = copy(end, insert->bytes);
    bool headed = false;
    for (; line < families_[family].lineEnd; ++line) {
      const Line& row = lines_[line];
      const Piece prefix = row.prefix[kind];
      if (prefix.length == 0 || row.slot >= values.size() || std::isnan(values[row.slot])) continue;
      if (!headed) end = copy(end, view(families_[family].header[kind]));
      headed = true;
      end = writeNumber(copy(end, view(prefix)), values[row.slot]);
      *end++ = '\n';
    }
  }
  for (; insert != inserts.end(); ++insert) end = copy(end, insert->bytes);
  if (format == Format::openMetrics) end = copy(end, kEndOfOpenMetrics);
  return static_cast<std::size_t>(end - out.data());
}

}  // namespace gna::exposition
