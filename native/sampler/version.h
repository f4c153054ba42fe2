#pragma once

namespace gna {

/// Version of this build; the same as package.json's (checked by a test).
inline constexpr const char* kVersion = "0.1.0";

}  // namespace gna
