/**
 * The sysfs form of a PCI address: lower case, four-digit domain, more only when needed. NVML writes eight digits
 * (`00000000:65:00.0`). Undefined for text that is no address.
 */
export function sysfsAddress(text: string): string | undefined {
  const parts = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/.exec(text.trim().toLowerCase());
  if (parts === null) return undefined;
  const domain = (parts[1] ?? '0').replace(/^0+/, '').padStart(4, '0');
  return `${domain}:${parts[2]}:${parts[3]}.${parts[4]}`;
}
