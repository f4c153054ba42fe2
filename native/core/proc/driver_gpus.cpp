#include "core/proc/driver_gpus.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

#include "core/proc/small_file.h"

namespace gna::proc {

namespace {

constexpr std::size_t kInformationBytes = 4096;

std::string folder(const std::string& procfs) { return procfs + "/driver/nvidia/gpus"; }

/// A field of exactly `digits` hexadecimal digits at the front of `text`, which is shortened by it.
bool takeHex(std::string_view& text, std::size_t digits, std::uint32_t& out) {
  if (text.size() < digits) return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + digits, out, 16);
  if (code != std::errc{} || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

bool takeCharacter(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// Value of a line `<label>:<blanks><value>`; empty when there is no such line.
std::string_view valueOf(std::string_view text, std::string_view label) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.substr(0, label.size()) != label) continue;
    std::string_view value = line.substr(label.size());
    if (!takeCharacter(value, ':')) continue;
    const std::size_t first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return value.substr(first, value.find_last_not_of(" \t\r") - first + 1);
  }
  return {};
}

}  // namespace

std::string PciAddress::text() const {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%04x:%02x:%02x.%x", domain, bus, device, function);
  return buffer;
}

std::optional<PciAddress> parsePciAddress(std::string_view text) {
  PciAddress a;
  const std::size_t domainDigits = text.find(':');
  if (domainDigits == std::string_view::npos || domainDigits < 4 || domainDigits > 8) return std::nullopt;
  const bool read = takeHex(text, domainDigits, a.domain) && takeCharacter(text, ':') && takeHex(text, 2, a.bus) &&
                    takeCharacter(text, ':') && takeHex(text, 2, a.device) && takeCharacter(text, '.') &&
                    takeHex(text, 1, a.function);
  if (!read || !text.empty() || a.device > 31 || a.function > 7) return std::nullopt;
  return a;
}

std::optional<std::vector<PciAddress>> listDriverGpus(const std::string& procfs) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder(procfs).c_str()), closedir);
  if (!directory) return std::nullopt;
  std::vector<PciAddress> found;
  while (const dirent* entry = readdir(directory.get()))
    if (const auto address = parsePciAddress(entry->d_name)) found.push_back(*address);
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<DriverGpuInformation> readDriverGpu(const std::string& procfs, const PciAddress& address) {
  const auto text = readSmallFile(folder(procfs) + "/" + address.text() + "/information", kInformationBytes);
  if (!text) return std::nullopt;
  DriverGpuInformation information;
  const std::string_view uuid = valueOf(*text, "GPU UUID");
  if (uuid.find('?') == std::string_view::npos) information.uuid = uuid;
  information.excluded = valueOf(*text, "GPU Excluded") == "Yes";
  return information;
}

}  // namespace gna::proc
