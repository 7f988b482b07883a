// Data that Python has packed (rollviz/widgets/page.py): gzipped JSON.

export async function unpacked(bytes) {
  const gzip = new DecompressionStream("gzip");
  const writer = gzip.writable.getWriter(); // a Blob's stream would take the way through another process
  writer.write(bytes);
  writer.close();
  return JSON.parse(await new Response(gzip.readable).text());
}
