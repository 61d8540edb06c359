// What selectors find, as a person meets it. Keeps the elements as `globalThis.examinerFound`.
(selectors, styleNames, attributeNames, most) => {
  const LONGEST = 2000;
  const FIELDS = "input, textarea, select";

  function opacity(element) {
    let seen = 1;
    for (let at = element; at; at = at.parentElement) seen *= Number(getComputedStyle(at).opacity);
    return seen;
  }

  function textBoxes(element) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let node; boxes.length < 200 && (node = walker.nextNode()); ) {
      if (!node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      boxes.push(...range.getClientRects());
    }
    return boxes;
  }

  // Where nothing of the element is painted at any of these points, something hides it.
  function points(box) {
    const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
    const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    if (left >= right || top >= bottom) return [];
    const at = (x, y) => [left + (right - left) * x, top + (bottom - top) * y];
    return [at(0.5, 0.5), at(0.2, 0.3), at(0.8, 0.3), at(0.2, 0.7), at(0.8, 0.7), at(0.02, 0.5)];
  }

  function said(element) {
    const id = element.id ? `#${element.id}` : "";
    return `${element.localName}${id}`.slice(0, 60);
  }

  function hidden(element) {
    if (!element.checkVisibility({ visibilityProperty: true })) return "it is not displayed";
    if (opacity(element) < 0.1) return "it is transparent";
    element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const boxes = [...element.getClientRects()];
    const whole = element.getBoundingClientRect();
    if (whole.width < 1 || whole.height < 1 || (whole.width < 2 && whole.height < 2)) {
      return `it is ${Math.round(whole.width)} × ${Math.round(whole.height)} pixels small`;
    }
    const text = textBoxes(element);
    if (text.length && text.every((box) => box.right <= 0 || box.bottom + scrollY <= 0)) {
      return "its text lies outside the page";
    }
    if (text.length && text.every((box) => box.height < 4)) return "its text is too small";
    const spots = [...(text.length ? text.slice(0, 4) : []), ...boxes.slice(0, 4), whole]
      .flatMap(points);
    if (!spots.length) return "it lies outside the page";
    if (getComputedStyle(element).pointerEvents === "none") return "";
    let other = null;
    for (const [x, y] of spots) {
      const hit = document.elementFromPoint(x, y);
      if (hit && (element === hit || element.contains(hit))) return "";
      other = hit || other;
    }
    return `it is covered or cut off${other ? ` by ${said(other)}` : ""}`;
  }

  function textOf(element) {
    const field = element.matches(FIELDS) && !["submit", "button", "reset"].includes(element.type);
    if (field && element.localName === "select") return element.selectedOptions[0]?.text ?? "";
    return (field || element.localName === "input" ? element.value : element.innerText ?? element.textContent) ?? "";
  }

  function look(element) {
    const computed = getComputedStyle(element);
    return {
      tag: element.localName.slice(0, 60),
      text: textOf(element).slice(0, LONGEST),
      hidden: hidden(element),
      styles: styleNames.map((name) => [name, computed.getPropertyValue(name).slice(0, 300)]),
      attributes: attributeNames
        .filter((name) => element.hasAttribute(name))
        .map((name) => [name, element.getAttribute(name).slice(0, LONGEST)]),
    };
  }

  globalThis.examinerFound = [];
  return selectors.map((selector) => {
    let every;
    try {
      every = [...document.querySelectorAll(selector)];
    } catch {
      return { selector, wrong: true };
    }
    const first = every.slice(0, most);
    globalThis.examinerFound.push(first);
    return { selector, count: every.length, elements: first.map(look) };
  });
}
