// Keys to commands, by the place of a key on the keyboard: Arabic and Devanagari layouts work as Latin ones do.

/** @type {Record<string, string>} */
const LETTERS = { KeyA: "accept", KeyP: "project", KeyL: "link", KeyX: "unsure", KeyC: "comment", KeyU: "undo", KeyS: "skip", KeyR: "repeats", KeyV: "layout", KeyM: "merge" };
/** @type {Record<string, string>} */
const MOVES = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/**
 * The command of a key: its name, and what it is about; `null` where it is none of ours.
 * @param {KeyboardEvent} event @returns {{name: string, value?: string|number, extend?: boolean}|null}
 */
export function commandOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  const { code, shiftKey } = event;
  const move = MOVES[code];
  if (move) return { name: "move", value: move, extend: shiftKey };
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  if (digit) return { name: shiftKey && digit[1] !== "0" ? "take" : digit[1] === "0" ? "other" : "label", value: Number(digit[1]) };
  if (event.key === "?" || (code === "Slash" && shiftKey)) return { name: "help" };
  switch (code) {
    case "Tab": return { name: shiftKey ? "previousEntity" : "nextEntity" };
    case "Enter":
    case "NumpadEnter": return { name: "submit" };
    case "Backspace":
    case "Delete": return { name: "remove" };
    case "BracketLeft": return { name: "edge", value: shiftKey ? "startIn" : "startOut" };
    case "BracketRight": return { name: "edge", value: shiftKey ? "endIn" : "endOut" };
    case "PageDown": return { name: "next" };
    case "PageUp": return { name: "previous" };
    case "Escape": return { name: "clear" };
    default: return LETTERS[code] && !shiftKey ? { name: /** @type {string} */ (LETTERS[code]) } : null;
  }
}

/** Whether keys belong to what has the focus: a field, a list, or a dialog. @param {Element|null} element @param {KeyboardEvent} event */
export function isTaken(element, event) {
  if (!element || element === document.body) return false;
  if (element.closest("dialog, input, textarea, select, [contenteditable]")) return true;
  const control = element.closest("button, a, summary");
  if (control) return ["Enter", "Space", "Tab", "NumpadEnter"].includes(event.code) || (control.closest("#queue") !== null && event.code.startsWith("Arrow"));
  return element.closest("#queue") !== null && (event.code === "Tab" || event.code.startsWith("Arrow") || event.code.startsWith("Page"));
}
