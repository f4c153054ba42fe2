/* A libnvidia-ml.so.1 of somebody else's, with one bad habit chosen by -DSHAPE. Functions that are not written here are
 * named in others.h, made by the test from the list of all names: OTHER(name). */
#include <string.h>

#define FIRST_VERSIONS 1     /* only the first form of each function, and few of those */
#define FEW_SYMBOLS 2        /* init, count and handle, nothing else */
#define NOT_SUPPORTED 3      /* every question about a GPU */
#define STUBS 4              /* exported, and "no such function" all the same */
#define SILENT_SUCCESS 5     /* success without having written anything */
#define HUGE_COUNTS 6        /* lists of four billion entries */
#define COUNT_ABOVE_ROOM 7   /* success with a count above what there was room for */
#define UNTERMINATED_TEXTS 8 /* texts fill their whole buffer */
#define UNKNOWN_CODES 9      /* return codes that no header has */
#define MANY_GPUS 10         /* says that it has four billion GPUs */
#define ONLY_BYTES 11        /* every answer is 0xff throughout */

#ifndef VERSION
#define VERSION "580.65.06"
#endif
#define EVERYTHING (SHAPE != FIRST_VERSIONS && SHAPE != FEW_SYMBOLS)

/* What a question about a GPU is answered with, where the shape has nothing to say about its values. */
static int usual(void) {
  switch (SHAPE) {
    case NOT_SUPPORTED: return 3;
    case STUBS: return 13;
    case UNKNOWN_CODES: return 4242;
    default: return 0;
  }
}

static int text(char* out, unsigned length, const char* wanted) {
  if (SHAPE == UNTERMINATED_TEXTS) {
    memset(out, 'x', length);
    return 0;
  }
  if (SHAPE == ONLY_BYTES) {
    memset(out, 0xff, length);
    return 0;
  }
  if (usual() == 0 && SHAPE != SILENT_SUCCESS) strncpy(out, wanted, length);
  return usual();
}

static int number(unsigned* out, unsigned wanted) {
  if (SHAPE == ONLY_BYTES || SHAPE == HUGE_COUNTS) {
    *out = 0xffffffffU;
    return 0;
  }
  if (usual() == 0 && SHAPE != SILENT_SUCCESS) *out = wanted;
  return usual();
}

/* A list that is asked for in two steps. */
static int list(unsigned* count, void* entries) {
  if (usual() != 0) return usual();
  switch (SHAPE) {
    case HUGE_COUNTS: *count = 0xffffffffU; return entries == 0 ? 7 : 0;
    case COUNT_ABOVE_ROOM: *count = *count + 1000; return entries == 0 ? 7 : 0;
    case ONLY_BYTES: *count = 0xffffffffU; return 0;
    case SILENT_SUCCESS: return 0;
    default: *count = 0; return 0;
  }
}

int nvmlShutdown(void) { return 0; }

#if SHAPE == FIRST_VERSIONS
int nvmlInit(void) { return 0; }
int nvmlDeviceGetCount(unsigned* count) { return *count = 1, 0; }
int nvmlDeviceGetHandleByIndex(unsigned index, void** device) { return *device = (void*)(index + 1UL), 0; }
int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* info) {
  (void)device;
  info[0] = 16ULL << 30; /* total, free, used */
  info[1] = 12ULL << 30;
  info[2] = 4ULL << 30;
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses(void* device, unsigned* count, void* entries) {
  (void)device;
  struct {
    unsigned pid;
    unsigned long long bytes;
  }* process = entries;
  if (*count < 1) return *count = 1, 7;
  process->pid = 4711;
  process->bytes = 3ULL << 30;
  return *count = 1, 0;
}
#else
int nvmlInitWithFlags(unsigned flags) { return (void)flags, 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { return *count = SHAPE == MANY_GPUS ? 4000000000U : 2, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) { return *device = (void*)(index + 1UL), 0; }
#endif

#if SHAPE != FEW_SYMBOLS
int nvmlSystemGetDriverVersion(char* out, unsigned length) { return text(out, length, VERSION); }
int nvmlSystemGetNVMLVersion(char* out, unsigned length) { return text(out, length, "13." VERSION); }
int nvmlDeviceGetName(void* device, char* out, unsigned length) { return (void)device, text(out, length, "Some GPU"); }
int nvmlDeviceGetUUID(void* device, char* out, unsigned length) {
  char uuid[] = "GPU-00000000-0000-0000-0000-000000000000";
  uuid[sizeof uuid - 2] = (char)('0' + (unsigned long)device);
  return text(out, length, uuid);
}
int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* out) {
  return (void)device, (void)sensor, number(out, 41);
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* out) { return (void)device, number(out, 123456); }
#endif

#if EVERYTHING
int nvmlDeviceGetTemperatureV(void* d, unsigned* info) { return (void)d, number(&info[2], 41); }
int nvmlDeviceGetSerial(void* d, char* out, unsigned length) { return (void)d, text(out, length, "0123"); }
int nvmlDeviceGetVbiosVersion(void* d, char* out, unsigned length) { return (void)d, text(out, length, "96.00"); }
int nvmlDeviceGetBoardPartNumber(void* d, char* out, unsigned length) { return (void)d, text(out, length, "900-1"); }
int nvmlDeviceGetInforomImageVersion(void* d, char* out, unsigned length) { return (void)d, text(out, length, "G1"); }
int nvmlDeviceGetNumFans(void* d, unsigned* out) { return (void)d, number(out, 0); }
int nvmlDeviceGetMaxMigDeviceCount(void* d, unsigned* out) { return (void)d, number(out, 0); }
int nvmlDeviceGetMinorNumber(void* d, unsigned* out) { return (void)d, number(out, 0); }
int nvmlDeviceGetMigMode(void* d, unsigned* now, unsigned* later) {
  /* Instances are looked for where counts are lies. */
  const unsigned on = SHAPE == HUGE_COUNTS || SHAPE == COUNT_ABOVE_ROOM;
  if (usual() == 0 && SHAPE != SILENT_SUCCESS) *now = *later = on;
  return (void)d, usual();
}
int nvmlDeviceGetMigDeviceHandleByIndex(void* d, unsigned index, void** mig) {
  if (usual() != 0) return usual();
  *mig = (void*)((unsigned long)d * 4096 + index);
  return 0;
}
int nvmlDeviceGetPciInfo_v3(void* d, char* info) {
  (void)d;
  if (usual() != 0 || SHAPE == SILENT_SUCCESS) return usual();
  memset(info, SHAPE == UNTERMINATED_TEXTS ? 'x' : SHAPE == ONLY_BYTES ? 0xff : 0, 68);
  if (SHAPE != UNTERMINATED_TEXTS && SHAPE != ONLY_BYTES) memcpy(info + 36, "00000000:01:00.0", 17);
  return 0;
}
int nvmlDeviceGetMemoryInfo_v2(void* d, unsigned long long* info) {
  (void)d;
  if (usual() != 0 || SHAPE == SILENT_SUCCESS) return usual();
  info[1] = SHAPE == ONLY_BYTES ? ~0ULL : 16ULL << 30; /* behind the version: total, reserved, free, used */
  info[2] = SHAPE == ONLY_BYTES ? ~0ULL : 1ULL << 30;
  info[3] = SHAPE == ONLY_BYTES ? ~0ULL : 12ULL << 30;
  info[4] = SHAPE == ONLY_BYTES ? ~0ULL : 3ULL << 30;
  /* Of instances, every other one says that more is used than there is, the others set every bit. */
  if (SHAPE == HUGE_COUNTS && (unsigned long)d >= 4096) {
    if ((unsigned long)d % 2 == 0)
      info[4] = 17ULL << 30;
    else
      memset(info + 1, 0xff, 32);
  }
  return 0;
}
int nvmlDeviceGetBAR1MemoryInfo(void* d, unsigned long long* info) {
  (void)d;
  if (SHAPE == ONLY_BYTES) return memset(info, 0xff, 24), 0;
  return usual() == 0 && SHAPE != SILENT_SUCCESS ? 3 : usual();
}
int nvmlDeviceGetFieldValues(void* d, int count, char* values) {
  (void)d;
  if (usual() != 0) return usual();
  /* Each value is 40 bytes: field, scope, time, latency, kind of value, code, value. */
  for (int i = 0; i < count; ++i) memset(values + 40 * i + 8, SHAPE == ONLY_BYTES ? 0xff : 0, 32);
  return 0;
}
int nvmlDeviceGetSamples(void* d, int kind, unsigned long long since, unsigned* valueKind, unsigned* count, void* out) {
  (void)d, (void)kind, (void)since;
  if (SHAPE == ONLY_BYTES) *valueKind = 0xffffffffU;
  return list(count, out);
}
int nvmlDeviceGetProcessUtilization(void* d, void* out, unsigned* count, unsigned long long since) {
  return (void)d, (void)since, list(count, out);
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* d, unsigned* count, void* out) { return (void)d, list(count, out); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(void* d, unsigned* count, void* out) { return (void)d, list(count, out); }
int nvmlDeviceGetMPSComputeRunningProcesses_v3(void* d, unsigned* count, void* out) {
  return (void)d, list(count, out);
}
int nvmlDeviceGetRetiredPages(void* d, int cause, unsigned* count, void* out) {
  return (void)d, (void)cause, list(count, out);
}

/* What has no answer of its own is not supported where success without an answer is not the habit. */
static int other(void) {
  const unsigned lies = SHAPE == SILENT_SUCCESS || SHAPE == ONLY_BYTES;
  return usual() == 0 && !lies ? 3 : usual();
}
#define OTHER(name) \
  int name(void) { return other(); }
#include "others.h"
#endif
