#include "core/nvml/library.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>

namespace gna::nvml {

namespace {

constexpr const char* kSoname = "libnvidia-ml.so.1";

// These rows are watched like driver calls but are not functions of the library.
bool isLibrarySymbol(Call call) { return std::strncmp(kCallSymbols[index(call)], "nvml", 4) == 0; }

/// DT_SONAME: the name a library gives itself.
std::string sonameOf(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map || !map->l_ld) return {};
  const char* names = nullptr;
  const ElfW(Xword)* at = nullptr;
  for (const ElfW(Dyn)* entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
    // glibc has made an address of the table's place by now.
    // ELF has addresses as numbers.
    if (entry->d_tag == DT_STRTAB) std::memcpy(&names, &entry->d_un.d_ptr, sizeof names);
    if (entry->d_tag == DT_SONAME) at = &entry->d_un.d_val;
  }
  return names && at ? std::string(names + *at) : std::string();
}

std::string loadedPath(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map || !map->l_name) return {};
  char* resolved = realpath(map->l_name, nullptr);
  std::string path = resolved ? resolved : map->l_name;
  free(resolved);
  return path;
}

}  // namespace

void* Library::tryOpen(const std::string& name, std::string& report) {
  void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* why = dlerror();  // names the file itself
    report += (report.empty() ? "" : "; ") + (why ? std::string(why) : name + ": not loadable");
  }
  return handle;
}

void* Library::openBelow(const std::string& root, std::string& report) {
  void* handle = nullptr;
  for (const std::string_view folder : kLibraryFolders) {
    const std::string candidate = root + std::string(folder) + "/" + kSoname;
    if (!handle && access(candidate.c_str(), F_OK) == 0) handle = tryOpen(candidate, report);
  }
  return handle;
}

bool Library::open(const Search& search, std::string& report) {
  report.clear();
  void* handle = nullptr;
  if (!search.explicitPath.empty()) {
    handle = tryOpen(search.explicitPath, report);
  } else {
    // What somebody named comes first: a container's own copy may be of another version than the driver it is given.
    for (const std::string& root : search.driverRoots) {
      const std::size_t before = report.size();
      if (!handle) handle = openBelow(root, report);
      if (!handle && report.size() == before) report += (report.empty() ? "" : "; ") + root + ": no " + kSoname;
    }
    if (!handle) handle = tryOpen(kSoname, report);
    for (const std::string_view root : kUsualDriverRoots)
      if (!handle) handle = openBelow(std::string(root), report);
    const char* wsl = "/usr/lib/wsl/lib/libnvidia-ml.so.1";
    if (!handle && access(wsl, F_OK) == 0) handle = tryOpen(wsl, report);
  }
  if (!handle) {
    if (search.explicitPath.empty()) report += "; nor below the usual driver roots";
    return false;
  }
  handle_ = handle;
  path_ = loadedPath(handle);
  soname_ = sonameOf(handle);
  resolve();
  return true;
}

std::string Library::version() const {
  const std::string marker = std::string(kSoname).substr(0, std::strlen(kSoname) - 1);
  const std::size_t at = path_.rfind(marker);
  if (at == std::string::npos) return {};
  const std::string suffix = path_.substr(at + marker.size());
  const bool isVersion =
      suffix.find('.') != std::string::npos && suffix.find_first_not_of("0123456789.") == std::string::npos;
  return isVersion ? suffix : std::string();
}

void Library::resolve() {
  missing_ = foreign_ = 0;
  // The object the library itself lives in, found by its own dynamic section: an interposer that overrides dlsym
  // cannot move that. A symbol from somewhere else is interposed.
  Dl_info own{};
  link_map* map = nullptr;
  const bool haveOwn = dlinfo(handle_, RTLD_DI_LINKMAP, &map) == 0 && map && dladdr(map->l_ld, &own) != 0;
  for (std::size_t i = 0; i < kCallCount; ++i) {
    if (!isLibrarySymbol(static_cast<Call>(i))) continue;
    table_[i] = dlsym(handle_, kCallSymbols[i]);
    if (!table_[i]) {
      ++missing_;
      continue;
    }
    Dl_info where{};
    if (haveOwn && dladdr(table_[i], &where) != 0 && where.dli_fbase != own.dli_fbase) ++foreign_;
  }
  if (auto info = reinterpret_cast<const char* (*)()>(dlsym(handle_, "gpuNodeSimulatorInfo"))) {
    const char* text = info();
    simulator_ = text ? text : "simulated";
  }
}

}  // namespace gna::nvml
