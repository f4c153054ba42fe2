// File descriptors that JavaScript holds by number.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"

namespace gna::addon {

namespace {

Napi::Value closeFd(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  // Linux frees the number even when close reports EINTR or EIO: never repeated.
  if (close(smallNumber(env, info[0], "fd")) != 0 && errno == EBADF) throw systemError(env, "close", EBADF);
  return env.Undefined();
}

/// Text at the beginning of a messages memfd, up to the first byte never written.
Napi::Value readMessages(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = smallNumber(env, info[0], "fd");
  char buffer[32 << 10];
  const ssize_t length = pread(fd, buffer, sizeof buffer, 0);
  if (length < 0) throw systemError(env, "pread", errno);
  return Napi::String::New(env, buffer, strnlen(buffer, static_cast<std::size_t>(length)));
}

Napi::Value peerCredentials(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(smallNumber(env, info[0], "fd"), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    throw systemError(env, "getsockopt", errno, "SO_PEERCRED");
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", credentials.pid);
  result.Set("uid", credentials.uid);
  result.Set("gid", credentials.gid);
  return result;
}

}  // namespace

void initDescriptors(Napi::Env env, Napi::Object exports) {
  exports.Set("closeFd", Napi::Function::New<closeFd>(env, "closeFd"));
  exports.Set("readMessages", Napi::Function::New<readMessages>(env, "readMessages"));
  exports.Set("peerCredentials", Napi::Function::New<peerCredentials>(env, "peerCredentials"));
}

}  // namespace gna::addon
