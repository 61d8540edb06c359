// Goes through the page from top to bottom and back, as a reader does: some load things only then.
async () => {
  const MOST = 20;
  for (let at = 0; at < MOST && scrollY + innerHeight < document.documentElement.scrollHeight; at++) {
    const before = scrollY;
    scrollBy({ top: innerHeight, behavior: "instant" });
    await new Promise((go) => setTimeout(go, 30));
    if (scrollY === before) break;
  }
  scrollTo({ top: 0, behavior: "instant" });
}
