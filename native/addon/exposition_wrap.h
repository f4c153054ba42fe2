#pragma once
// The class `Exposition` for JavaScript (src/native/addon.ts).

#include <napi.h>

namespace gna::addon {

/// Adds the class to `exports` and gives `exports` back.
Napi::Object initExposition(Napi::Env env, Napi::Object exports);

}  // namespace gna::addon
