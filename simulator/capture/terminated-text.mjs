// @ts-check
/**
 * Texts as C has them.
 */

/** @param {Buffer} bytes up to its NUL, if it has one */
export function textOf(bytes) {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
