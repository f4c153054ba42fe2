#pragma once
// Names that a loaded library exports, from its own dynamic section: also those nobody has heard of yet.

#include <string>
#include <string_view>
#include <vector>

namespace gna::capture {

/// Names of functions that begin with `prefix`, sorted, exported by the object that holds `address`. Empty where the
/// object has no GNU hash table, which every library of the last twenty years has.
std::vector<std::string> exportedSymbols(const void* address, std::string_view prefix);

}  // namespace gna::capture
