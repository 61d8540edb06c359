// Keeps a page still while pictures of it are compared: no blinking caret, no movement.
() => {
  if (globalThis.examinerStill) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    "*, *::before, *::after { animation: none !important; transition: none !important;" +
      " caret-color: transparent !important; scroll-behavior: auto !important; }",
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  globalThis.examinerStill = sheet;
}
