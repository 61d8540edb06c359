// How wide the page is in a window of `width`, and which texts end beyond the window's edge.
(width) => {
  const root = document.scrollingElement ?? document.documentElement;

  // Text that can be scrolled to, is shortened on purpose or is meant for screen readers alone.
  function excused(element) {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (["auto", "scroll"].includes(style.overflowX) && at.scrollWidth > at.clientWidth) return true;
      if (style.textOverflow === "ellipsis") return true;
      const box = at.getBoundingClientRect();
      if (box.width <= 2 || box.height <= 2) return true;
    }
    return false;
  }

  const cut = [];
  const walker = document.createTreeWalker(document.body ?? root, NodeFilter.SHOW_TEXT);
  for (let node, seen = 0; cut.length < 5 && seen < 5000 && (node = walker.nextNode()); seen++) {
    const parent = node.parentElement;
    if (!parent || !node.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const beyond = [...range.getClientRects()].some(
      (box) => box.width > 0 && box.left < width && box.right > width + 1,
    );
    if (!beyond || excused(parent)) continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    cut.push(node.data.trim().replace(/\s+/g, " ").slice(0, 80));
  }
  return { width, content: root.scrollWidth, height: root.scrollHeight, cut };
}
