#include "sampler/capture/exported_symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>

namespace gna::capture {

namespace {

/// Tables of the dynamic section. glibc has made their addresses absolute by the time a library can be asked.
struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const std::uint32_t* hash = nullptr;
};

Tables tablesOf(const link_map& map) {
  Tables tables;
  for (const ElfW(Dyn)* entry = map.l_ld; entry->d_tag != DT_NULL; ++entry) {
    const auto* place = reinterpret_cast<const void*>(entry->d_un.d_ptr);  // NOLINT(performance-no-int-to-ptr)
    if (entry->d_tag == DT_SYMTAB) tables.symbols = static_cast<const ElfW(Sym)*>(place);
    if (entry->d_tag == DT_STRTAB) tables.names = static_cast<const char*>(place);
    if (entry->d_tag == DT_GNU_HASH) tables.hash = static_cast<const std::uint32_t*>(place);
  }
  return tables;
}

}  // namespace

std::vector<std::string> exportedSymbols(const void* address, std::string_view prefix) {
  std::vector<std::string> found;
  Dl_info info{};
  link_map* map = nullptr;
  if (dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || !map) return found;
  const Tables tables = tablesOf(*map);
  if (!tables.symbols || !tables.names || !tables.hash) return found;
  // Head: buckets, first hashed symbol, words of the Bloom filter, its shift. Then filter, buckets, chains.
  const std::uint32_t buckets = tables.hash[0], first = tables.hash[1], filter = tables.hash[2];
  const std::uint32_t* bucket = tables.hash + 4 + std::size_t{filter} * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* chain = bucket + buckets;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    if (bucket[i] < first) continue;
    for (std::uint32_t at = bucket[i];; ++at) {
      const ElfW(Sym)& symbol = tables.symbols[at];
      const std::string_view name = tables.names + symbol.st_name;
      if (symbol.st_shndx != SHN_UNDEF && name.substr(0, prefix.size()) == prefix) found.emplace_back(name);
      if (chain[at - first] & 1) break;  // the lowest bit ends a chain
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace gna::capture
