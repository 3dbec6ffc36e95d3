// Filters the examples by words; the page is complete without it.
const bar = document.getElementById("filter");
if (bar) {
  const input = bar.querySelector("input");
  const found = bar.querySelector("output");
  const examples = [...document.querySelectorAll(".example")];
  const texts = examples.map((example) => example.textContent.toLowerCase());
  bar.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    examples.forEach((example, index) => {
      const shown = words.every((word) => texts[index].includes(word));
      example.hidden = !shown;
      count += shown;
    });
    if (words.length > 0) {
      document.querySelectorAll("details.class").forEach((group) => {
        group.open = group.querySelector(".example:not([hidden])") !== null;
      });
    }
    found.textContent = words.length > 0 ? `${count} of ${examples.length} sentences` : "";
  });
}
