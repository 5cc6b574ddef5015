// Lays out graphs in ELK's JSON format: a list of them on standard input, the same with positions on standard output.
// https://eclipse.dev/elk/documentation/tooldevelopers/graphdatastructure/jsonformat.html
const ELK = require("elkjs/lib/elk.bundled.js");

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", async () => {
  const elk = new ELK();
  const laidOut = [];
  for (const graph of JSON.parse(text)) laidOut.push(await elk.layout(graph));
  process.stdout.write(JSON.stringify(laidOut));
});
