/** A script for the browser, as text. */
declare const text: string;
export default text;
