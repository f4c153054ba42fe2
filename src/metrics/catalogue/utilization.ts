import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

const TURING = { needs: 'Turing or newer; drivers 535 and newer; not with MIG' } as const;
const NOT_WITH_MIG = { needs: 'not with MIG' } as const;

/** How busy the engines are. */
export const utilization = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_utilization_ratio',
    'Share of the last sampling period in which a kernel ran; absent with MIG',
    'utilization_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.gauge(
    'gpu_utilization_peak_ratio',
    "Highest of the driver's utilisation samples since the cycle before",
    'utilization_peak_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.gauge(
    'gpu_utilization_average_ratio',
    "Mean of the driver's utilisation samples since the cycle before",
    'utilization_average_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.gauge(
    'gpu_memory_controller_utilization_ratio',
    'Share of the last sampling period in which device memory was read or written',
    'memory_controller_utilization_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.counter(
    'gpu_busy_seconds_total',
    'Time the GPU was busy since the agent started; divide its rate by that of gpu_observed_seconds_total',
    'busy_seconds_total',
    { origin: 'nvmlDeviceGetSamples, integrated', integrated: true, ...NOT_WITH_MIG },
  ),
  ofGpu.counter(
    'gpu_observed_seconds_total',
    'Time for which there were utilisation samples since the agent started',
    'observed_seconds_total',
    { origin: 'nvmlDeviceGetSamples, integrated', integrated: true, ...NOT_WITH_MIG },
  ),
  ofGpu.gauge(
    'gpu_encoder_utilization_ratio',
    'Utilisation of the video encoders',
    'encoder_utilization_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.gauge(
    'gpu_decoder_utilization_ratio',
    'Utilisation of the video decoders',
    'decoder_utilization_ratio',
    NOT_WITH_MIG,
  ),
  ofGpu.gauge('gpu_jpeg_utilization_ratio', 'Utilisation of the JPEG engines', 'jpeg_utilization_ratio', TURING),
  ofGpu.gauge('gpu_ofa_utilization_ratio', 'Utilisation of the optical flow engine', 'ofa_utilization_ratio', TURING),
  ofGpu.gauge('gpu_encoder_sessions', 'Video encoding sessions', 'encoder_sessions'),
  ofGpu.gauge(
    'gpu_encoder_average_frames_per_second',
    'Frames per second that encoding sessions make, averaged over them',
    'encoder_average_frames_per_second',
    { optIn: true },
  ),
  ofGpu.gauge(
    'gpu_encoder_average_latency_seconds',
    'Time to encode a frame, averaged over sessions',
    'encoder_average_latency_seconds',
    { optIn: true },
  ),
  ofGpu.gauge(
    'gpu_encoder_capacity_ratio',
    'Share of the encoding capacity that is left, by codec',
    ofGpu.by('codec', {
      av1: 'encoder_capacity_av1_ratio',
      h264: 'encoder_capacity_h264_ratio',
      hevc: 'encoder_capacity_hevc_ratio',
    }),
    { optIn: true },
  ),
  ofGpu.gauge(
    'gpu_framebuffer_capture_sessions',
    'Sessions that capture the frame buffer',
    'framebuffer_capture_sessions',
    { optIn: true },
  ),
  ofGpu.gauge(
    'gpu_framebuffer_capture_average_frames_per_second',
    'Frames per second that capture sessions take, averaged over them',
    'framebuffer_capture_average_frames_per_second',
    { optIn: true },
  ),
  ofGpu.gauge(
    'gpu_framebuffer_capture_average_latency_seconds',
    'Time to capture a frame, averaged over sessions',
    'framebuffer_capture_average_latency_seconds',
    { optIn: true },
  ),
]);
