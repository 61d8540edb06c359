// Where the focus is now. Keeps the element as `globalThis.examinerStop`.
(stops) => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const seen = (globalThis.examinerSeen ??= []);
  const before = seen.indexOf(element);
  const again = before === -1 ? "" : before === seen.length - 1 ? "stays" : "returns";
  seen.push(element);
  globalThis.examinerStop = element;
  const editable =
    element.isContentEditable || element.localName === "textarea" ||
    (element.localName === "input" &&
      !["button", "submit", "reset", "checkbox", "radio", "range", "color", "file", "image"].includes(element.type));
  const words = (element.innerText || element.value || element.getAttribute("aria-label") || "")
    .trim().replace(/\s+/g, " ").slice(0, 40);
  const id = element.id ? `#${element.id}` : "";
  const fits = stops.flatMap((selector, at) => {
    try {
      return element.matches(selector) ? [at] : [];
    } catch {
      return [];
    }
  });
  const box = element.getBoundingClientRect();
  return {
    again,
    frame: ["iframe", "frame", "object", "embed"].includes(element.localName),
    editable,
    fits,
    element: `${element.localName}${id}${words ? ` "${words}"` : ""}`.slice(0, 120),
    box: { x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height },
  };
}
