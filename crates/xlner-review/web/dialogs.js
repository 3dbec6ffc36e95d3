// Dialogs, and small helpers to make elements.

/**
 * An element with attributes, and with what is in it.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, any>} attributes @param {...(Node|string|null)} parts @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes, ...parts) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...parts.filter((part) => part !== null));
  return element;
}

/**
 * Shows a dialog until it is closed, and tells by which button; `null` where it was left. Enter in it is its first button.
 * @param {string} title @param {(Node|string)[]} parts @param {[string, string][]} buttons value and text of each @returns {Promise<string|null>}
 */
export function ask(title, parts, buttons) {
  return new Promise((resolve) => {
    const heading = make("h2", { id: "dialog-title" }, title);
    const row = make("div", { class: "buttons" });
    const form = make("form", { method: "dialog" }, heading, ...parts, row);
    const dialog = make("dialog", { "aria-labelledby": "dialog-title" }, form);
    buttons.forEach(([value, text], at) => row.append(make("button", { value, class: at === 0 ? "primary" : null }, text)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "" ? null : dialog.returnValue);
    });
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.tagName !== "BUTTON" && !(event.target instanceof HTMLTextAreaElement && !event.ctrlKey)) {
        event.preventDefault();
        dialog.close(buttons[0]?.[0] ?? "");
      }
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** @type {[string, string][]} */
const KEYS = [
  ["← → ↑ ↓", "move by word, as the eye sees it; up to the source sentence and down again"],
  ["Shift + ← →", "select several words"],
  ["Tab, Shift + Tab", "next, previous entity"],
  ["1 – 9", "label the selection, or the entity under the cursor"],
  ["0", "another label"],
  ["Backspace", "remove the entity"],
  ["[ {", "move the beginning of the entity out, in"],
  ["] }", "move its end out, in"],
  ["Enter", "all is right: go on"],
  ["A", "all is right, and stay"],
  ["S", "skip"],
  ["Page Up, Page Down", "previous, next sentence"],
  ["P", "project the source entity under the cursor again"],
  ["L", "add or remove the link between the two cursors"],
  ["R", "do the same wherever this form stands"],
  ["X", "not sure"],
  ["C", "comment"],
  ["U", "undo"],
  ["V", "sentences beside or above each other"],
  ["Shift + 1 – 9, M", "when adjudicating: take a version, or what most have"],
  ["?", "this help"],
];

/** Shows the keys. */
export async function help() {
  const rows = KEYS.map(([keys, text]) => make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, keys)), make("td", {}, text)));
  await ask("Keys", [make("table", { class: "keys" }, make("tbody", {}, ...rows))], [["close", "Close"]]);
}

/** Asks for a text. @param {string} title @param {string} label @param {string} text @param {boolean} long @returns {Promise<string|null>} */
export async function askText(title, label, text, long) {
  const field = long ? make("textarea", { rows: "4", dir: "auto", autofocus: true, maxlength: "10000" }) : make("input", { autofocus: true, maxlength: "100", autocomplete: "off" });
  field.value = text;
  const answer = await ask(title, [make("label", {}, label, field)], [["keep", long ? "Keep (Ctrl + Enter)" : "Keep"], ["", "Cancel"]]);
  return answer === "keep" ? field.value : null;
}
