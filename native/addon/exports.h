#pragma once
// The parts of the addon. Each adds its functions to `exports`; src/native/addon.ts declares them.

#include <napi.h>

namespace gna::addon {

void initSamplers(Napi::Env env, Napi::Object exports);       // spawnSampler, pollSampler, signalSampler
void initSegmentReader(Napi::Env env, Napi::Object exports);  // openSegment
void initEngine(Napi::Env env, Napi::Object exports);         // startEngine
void initProcfs(Napi::Env env, Napi::Object exports);         // findHolders, readFiles
void initDescriptors(Napi::Env env, Napi::Object exports);    // closeFd, readMessages, peerCredentials
void initClock(Napi::Env env, Napi::Object exports);          // clockNow
void initMalloc(Napi::Env env, Napi::Object exports);         // limitArenas, returnFreeMemory
void initNotify(Napi::Env env, Napi::Object exports);         // notifySystemd

}  // namespace gna::addon
