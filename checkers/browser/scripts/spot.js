// Where to press the first element that a selector finds, or why it cannot be pressed.
(selector) => {
  const element = document.querySelector(selector);
  if (!element) return { why: "there is no such element" };
  if (!element.checkVisibility({ visibilityProperty: true })) return { why: "it is not displayed" };
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = element.getClientRects()[0];
  if (!box || box.width < 1 || box.height < 1) return { why: "it has no size" };
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return { why: "it lies outside the page" };
  return { x, y };
}
