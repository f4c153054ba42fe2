#pragma once
// Errors cross into JavaScript as Error objects with a stable `code`.

#include <napi.h>

#include <string>

namespace gna::addon {

/// An Error with `code`, to be thrown.
Napi::Error codedError(Napi::Env env, const char* code, const std::string& message);

/// An Error for a failed system call: `code` is the errno's name (ENOENT), `errno` its number, `syscall` the call.
Napi::Error systemError(Napi::Env env, const char* call, int errorNumber, const std::string& about = {});

}  // namespace gna::addon
