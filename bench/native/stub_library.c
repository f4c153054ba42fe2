/* The cheapest possible driver: every function answers SUCCESS in about two nanoseconds, so that what is measured is
 * us. Pointers are written only where a caller would otherwise loop or refuse. */
#define _POSIX_C_SOURCE 199309L
#include <stddef.h>
#include <time.h>

/* -DBURN_MICROSECONDS=10: each function keeps the CPU as long as a call into a real driver does. */
#ifdef BURN_MICROSECONDS
static void work(void) {
  struct timespec now, start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - start.tv_sec) * 1000000000L + (now.tv_nsec - start.tv_nsec) < BURN_MICROSECONDS * 1000L);
}
#else
static void work(void) {}
#endif

#define ANSWER(name) \
  int name(void) {   \
    work();          \
    return 0;        \
  }

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void** device) {
  *device = (void*)(size_t)(i + 1);
  return 0;
}
int nvmlDeviceGetSamples(void* device, int type, unsigned long long last, int* valueType, unsigned* count,
                         void* samples) {
  (void)device, (void)type, (void)last, (void)valueType, (void)samples;
  work();
  *count = 0;
  return 6; /* nothing newer */
}
#define PROCESS_LIST(name)                               \
  int name(void* device, unsigned* count, void* infos) { \
    (void)device, (void)infos;                           \
    *count = 0;                                          \
    return 0;                                            \
  }
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses_v3)
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses_v3)
PROCESS_LIST(nvmlDeviceGetMPSComputeRunningProcesses_v3)

ANSWER(nvmlInitWithFlags)
ANSWER(nvmlShutdown)
ANSWER(nvmlDeviceGetUUID)
ANSWER(nvmlDeviceGetName)
ANSWER(nvmlDeviceGetMinorNumber)
ANSWER(nvmlDeviceGetMemoryInfo_v2)
ANSWER(nvmlDeviceGetBAR1MemoryInfo)
ANSWER(nvmlDeviceGetUtilizationRates)
ANSWER(nvmlDeviceGetEncoderUtilization)
ANSWER(nvmlDeviceGetDecoderUtilization)
ANSWER(nvmlDeviceGetJpgUtilization)
ANSWER(nvmlDeviceGetOfaUtilization)
ANSWER(nvmlDeviceGetClockInfo)
ANSWER(nvmlDeviceGetPerformanceState)
ANSWER(nvmlDeviceGetCurrentClocksEventReasons)
ANSWER(nvmlDeviceGetPowerUsage)
ANSWER(nvmlDeviceGetTotalEnergyConsumption)
ANSWER(nvmlDeviceGetTemperatureV)
ANSWER(nvmlDeviceGetMarginTemperature)
ANSWER(nvmlDeviceGetCurrPcieLinkGeneration)
ANSWER(nvmlDeviceGetCurrPcieLinkWidth)
ANSWER(nvmlDeviceGetFieldValues)
ANSWER(nvmlDeviceGetMigMode)

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 8;
  return 0;
}
