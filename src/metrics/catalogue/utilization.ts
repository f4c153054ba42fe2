import { familiesOf } from '../family.js';
import { readingSeries } from '../reading.js';
import { gpus } from '../subjects.js';

/** How busy the engines are. */
export const utilization = familiesOf(gpus, [
  {
    name: 'gpu_utilization_ratio',
    type: 'gauge',
    help: 'Share of the last sampling period in which a kernel ran; absent with MIG',
    origin: 'nvmlDeviceGetUtilizationRates',
    series: [readingSeries('utilization_ratio')],
  },
  {
    name: 'gpu_utilization_peak_ratio',
    type: 'gauge',
    help: "Highest of the driver's utilisation samples since the cycle before",
    origin: 'nvmlDeviceGetSamples',
    series: [readingSeries('utilization_peak_ratio')],
  },
  {
    name: 'gpu_utilization_average_ratio',
    type: 'gauge',
    help: "Mean of the driver's utilisation samples since the cycle before",
    origin: 'nvmlDeviceGetSamples',
    series: [readingSeries('utilization_average_ratio')],
  },
  {
    name: 'gpu_memory_controller_utilization_ratio',
    type: 'gauge',
    help: 'Share of the last sampling period in which device memory was read or written',
    origin: 'nvmlDeviceGetUtilizationRates',
    series: [readingSeries('memory_controller_utilization_ratio')],
  },
  {
    name: 'gpu_busy_seconds_total',
    type: 'counter',
    help: 'Time the GPU was busy since the agent started; divide its rate by that of gpu_observed_seconds_total',
    origin: 'nvmlDeviceGetSamples, integrated',
    integrated: true,
    series: [readingSeries('busy_seconds_total')],
  },
  {
    name: 'gpu_observed_seconds_total',
    type: 'counter',
    help: 'Time for which there were utilisation samples since the agent started',
    origin: 'nvmlDeviceGetSamples, integrated',
    integrated: true,
    series: [readingSeries('observed_seconds_total')],
  },
  {
    name: 'gpu_encoder_utilization_ratio',
    type: 'gauge',
    help: 'Utilisation of the video encoders',
    origin: 'nvmlDeviceGetEncoderUtilization',
    series: [readingSeries('encoder_utilization_ratio')],
  },
  {
    name: 'gpu_decoder_utilization_ratio',
    type: 'gauge',
    help: 'Utilisation of the video decoders',
    origin: 'nvmlDeviceGetDecoderUtilization',
    series: [readingSeries('decoder_utilization_ratio')],
  },
  {
    name: 'gpu_jpeg_utilization_ratio',
    type: 'gauge',
    help: 'Utilisation of the JPEG engines',
    origin: 'nvmlDeviceGetJpgUtilization',
    series: [readingSeries('jpeg_utilization_ratio')],
  },
  {
    name: 'gpu_ofa_utilization_ratio',
    type: 'gauge',
    help: 'Utilisation of the optical flow engine',
    origin: 'nvmlDeviceGetOfaUtilization',
    series: [readingSeries('ofa_utilization_ratio')],
  },
]);
