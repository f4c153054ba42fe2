/* Files of the status page are imported as text: see scripts/text-assets.mjs. */

declare module '*.html' {
  const text: string;
  export default text;
}

declare module '*.css' {
  const text: string;
  export default text;
}

declare module '*.svg' {
  const text: string;
  export default text;
}

declare module '*?text' {
  const text: string;
  export default text;
}
