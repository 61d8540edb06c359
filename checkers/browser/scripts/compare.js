// How many pixels of two pictures differ clearly. Text is drawn with tiny differences each time.
async (one, other) => {
  const LEAST = 24;
  async function pixels(data) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  }
  const [a, b] = await Promise.all([pixels(one), pixels(other)]);
  if (a.length !== b.length) return Math.max(a.length, b.length);
  let count = 0;
  for (let at = 0; at < a.length; at += 4) {
    const change = Math.max(
      Math.abs(a[at] - b[at]), Math.abs(a[at + 1] - b[at + 1]), Math.abs(a[at + 2] - b[at + 2]),
    );
    if (change > LEAST) count += 1;
  }
  return count;
}
