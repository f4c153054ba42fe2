// Reading /proc where a read may sleep: on threads of our own.

#include "addon/arguments.h"
#include "addon/exports.h"
#include "addon/own_thread.h"
#include "core/proc/holders.h"
#include "core/proc/small_file.h"

namespace gna::addon {

namespace {

Napi::Value findHolders(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto procfs = text(env, info[0], "procfs");
  auto prefixes = texts(env, info[1], "prefixes");
  return onOwnThread(env, "findHolders", [procfs = std::move(procfs), prefixes = std::move(prefixes)]() -> Answer {
    auto holders = proc::findHolders(procfs, prefixes);
    return [holders = std::move(holders)](Napi::Env e) -> Napi::Value {
      Napi::Array result = Napi::Array::New(e, holders.size());
      for (std::uint32_t i = 0; i < holders.size(); ++i) {
        Napi::Object one = Napi::Object::New(e);
        one.Set("pid", holders[i].pid);
        one.Set("tid", holders[i].tid);
        one.Set("fd", holders[i].fd);
        one.Set("target", holders[i].target);
        result.Set(i, one);
      }
      return result;
    };
  });
}

Napi::Value readFiles(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto paths = texts(env, info[0], "paths");
  const auto limit = static_cast<std::size_t>(wholeNumber(env, info[1], "maxBytes", 1, 1 << 20));
  return onOwnThread(env, "readFiles", [paths = std::move(paths), limit]() -> Answer {
    std::vector<std::optional<std::string>> contents;
    contents.reserve(paths.size());
    for (const auto& path : paths) contents.push_back(proc::readSmallFile(path, limit));
    return [contents = std::move(contents)](Napi::Env e) -> Napi::Value {
      Napi::Array result = Napi::Array::New(e, contents.size());
      for (std::uint32_t i = 0; i < contents.size(); ++i)
        if (contents[i])
          result.Set(i, Napi::Buffer<char>::Copy(e, contents[i]->data(), contents[i]->size()));
        else
          result.Set(i, e.Undefined());
      return result;
    };
  });
}

}  // namespace

void initProcfs(Napi::Env env, Napi::Object exports) {
  exports.Set("findHolders", Napi::Function::New<findHolders>(env, "findHolders"));
  exports.Set("readFiles", Napi::Function::New<readFiles>(env, "readFiles"));
}

}  // namespace gna::addon
