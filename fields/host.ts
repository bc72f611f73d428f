/**
 * Names of hosts in e-mail addresses and URLs.
 *
 * Shape:  texts are cut at the dots and looked at label by label, so that no text takes longer than its length.
 */
import { domainToASCII } from 'node:url';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const MAIL_TOP = /^[a-z0-9-]{2,63}(?<!-)$/i;

/** The domain of an e-mail address: labels of ASCII letters, digits and hyphens, or a name that stands for such. */
export function isDomain(text: string): boolean {
  return isAsciiDomain(text) || (!isAscii(text) && isAsciiDomain(domainToASCII(text)));
}

function isAsciiDomain(text: string): boolean {
  const labels = text.split('.');
  const top = labels.pop() as string;
  return labels.length > 0 && MAIL_TOP.test(top) && labels.every((label) => LABEL.test(label));
}

// U+00A1 to U+FFFF without surrogates: letters of other scripts stand as they are, or in their ASCII form.
const WIDE = 'a-z0-9\\u00a1-\\ud7ff\\ue000-\\uffff';
const FIRST = new RegExp(`^[${WIDE}](?:[${WIDE}-]{0,61}[${WIDE}])?$`, 'i');
const MIDDLE = new RegExp(`^(?!-)[${WIDE}-]{1,63}(?<!-)$`, 'i');
const TOP = /^(?!-)(?:[a-z\u00a1-\ud7ff\ue000-\uffff-]{2,63}|xn--[a-z0-9]{1,59})(?<!-)$/i;

/** The host of a URL, but for addresses: `localhost`, or a name of two labels and more; a dot may stand at its end. */
export function isHost(text: string): boolean {
  return isWideHost(text) || (!isAscii(text) && isWideHost(domainToASCII(text)));
}

function isWideHost(text: string): boolean {
  if (text.toLowerCase() === 'localhost') return true;
  const [first = '', ...labels] = (text.endsWith('.') ? text.slice(0, -1) : text).split('.');
  const top = labels.pop();
  return top !== undefined && FIRST.test(first) && TOP.test(top) && labels.every((label) => MIDDLE.test(label));
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
