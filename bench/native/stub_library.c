/* The cheapest possible driver: every function answers SUCCESS in about two nanoseconds, so that what is measured is
 * us. Pointers are written only where a caller would otherwise loop or refuse. */
#include <stddef.h>

#define ANSWER(name) \
  int name(void) { return 0; }

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void** device) {
  *device = (void*)(size_t)(i + 1);
  return 0;
}
int nvmlDeviceGetSamples(void* device, int type, unsigned long long last, int* valueType, unsigned* count,
                         void* samples) {
  (void)device, (void)type, (void)last, (void)valueType, (void)samples;
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
