// NVLinks and chip-to-chip links: which there are, and what each counts.

#include <cstdio>

#include "core/nvml/field_ids.h"
#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

/// Number of parts a reading says there are, at most `most`.
std::size_t countOf(const Measurements<Reading>& readings, Reading reading, std::size_t most) {
  if (!readings.has(reading)) return 0;
  const double count = readings[reading];
  return count > static_cast<double>(most) ? most : static_cast<std::size_t>(count);
}

/// Entries of a list of links, kept where they were. True when there were not that many before.
template <typename Link, typename Id>
bool resize(std::vector<Link>& links, std::vector<Dormant<Id>>& dormant, std::size_t count) {
  if (links.size() == count) return false;
  const bool grown = links.size() < count;
  links.resize(count);
  dormant.resize(count);
  for (std::size_t i = 0; i < count; ++i) links[i].link = static_cast<std::uint32_t>(i);
  return grown;
}

}  // namespace

void Gather::links() {
  const auto& readings = g.record_.readings;
  const bool fresh =
      resize(g.lists_.links, g.linkDormant_, countOf(readings, Reading::nvlink_links, shm::kMaxLinksPerGpu));
  const bool freshC2c =
      resize(g.lists_.c2cLinks, g.c2cDormant_, countOf(readings, Reading::c2c_links, shm::kMaxC2cLinksPerGpu));
  Gather round = *this;
  // Links that were just found are asked everything at once.
  if (fresh || freshC2c) round.identityRound = round.minuteRound = round.mediumRound = true;
  round.linkFields();
  for (std::size_t i = 0; i < g.lists_.links.size(); ++i) round.linkCalls(i);
}

void Gather::linkFields() {
  FieldBatch& batch = g.fields_;
  batch.clear();
  auto addRows = [&](const auto& rows, auto& link, auto& dormant, FieldForm form) {
    for (const auto& row : rows) {
      if (!due(row.reading, dormant)) continue;
      const std::uint32_t id = fieldIdFor(row, g.driverMajor_);
      if (id == 0)
        store(link.readings, dormant, row.reading, notInBranch(g.driverMajor_), 0);
      else
        batch.add(id, link.link, row.scale, row.reading, link.readings, dormant,
                  std::numeric_limits<double>::infinity(), form);
    }
  };
  for (std::size_t i = 0; i < g.lists_.links.size(); ++i) {
    shm::NvLink& link = g.lists_.links[i];
    if (g.detail_.links) {
      addRows(kLinkFieldRows, link, g.linkDormant_[i], FieldForm::linear);
      addRows(kBitErrorRows, link, g.linkDormant_[i], FieldForm::bitErrorRatio);
    } else if (due(LinkReading::state, g.linkDormant_[i])) {
      batch.add(kLinkStateField, link.link, kAsIs, LinkReading::state, link.readings, g.linkDormant_[i]);
    }
  }
  for (std::size_t i = 0; i < g.lists_.c2cLinks.size(); ++i)
    addRows(kC2cLinkFieldRows, g.lists_.c2cLinks[i], g.c2cDormant_[i], FieldForm::linear);
  askFields();
}

/// What has no field, or none on older drivers.
void Gather::linkCalls(std::size_t i) {
  shm::NvLink& link = g.lists_.links[i];
  Dormant<LinkReading>& dormant = g.linkDormant_[i];
  auto number = unwritten<std::uint32_t>();
  // The field put itself to sleep: the older call says it, once a minute.
  const bool stateByCall = dormant.asleep[gna::index(LinkReading::state)] && minuteRound;
  if (stateByCall) {
    const Return code = callUnlessRefused(Call::DeviceGetNvLinkState, g.handle_, link.link, &number);
    store(link.readings, dormant, LinkReading::state, code, number, 2);
  }
  if (!g.detail_.links) return;
  if (identityRound) {
    if (!link.readings.has(LinkReading::version)) {
      const Return code = call(Call::DeviceGetNvLinkVersion, g.handle_, link.link, &number);
      store(link.readings, dormant, LinkReading::version, code, number);
    }
    const Return type = call(Call::DeviceGetNvLinkRemoteDeviceType, g.handle_, link.link, &number);
    store(link.readings, dormant, LinkReading::remote_type, type, number);
    PciInfo pci{};
    Return code = call(Call::DeviceGetNvLinkRemotePciInfo_v2, g.handle_, link.link, &pci);
    if (code == kSuccess)
      std::snprintf(link.remote_pci_bus_id, sizeof link.remote_pci_bus_id, "%04x:%02x:%02x.0", pci.domain, pci.bus,
                    pci.device);
    else if (!isPassing(code))
      link.remote_pci_bus_id[0] = 0;
    noteIdentity(code);
  }
  auto counter = [&](LinkReading reading, std::uint32_t which) {
    if (!due(reading, dormant)) return;
    auto count = unwritten<unsigned long long>();
    const Return code = call(Call::DeviceGetNvLinkErrorCounter, g.handle_, link.link, which, &count);
    store(link.readings, dormant, reading, code, count);
  };
  counter(LinkReading::crc_data_errors_total, kNvlinkErrorDlCrcData);
  counter(LinkReading::ecc_data_errors_total, kNvlinkErrorDlEccData);
}

}  // namespace gna::nvml
