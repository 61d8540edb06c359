// Marks everything in the field that has the focus, so that typing replaces it.
(selector) => {
  const element = document.querySelector(selector);
  if (!element || document.activeElement !== element) return false;
  element.select?.();
  return true;
}
