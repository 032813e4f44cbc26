// node's own fetch: get, post, a body of unknown length, an event stream, a refusal.
const [base, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };

const got = await (await fetch(`${base}/llm/things?a=b`, { headers })).json();
console.log("get", got.method, got.path);
const put = await (await fetch(`${base}/llm/things`, {
  method: "POST", headers, body: JSON.stringify({ hello: "world" }),
})).json();
console.log("post", put.size, put.start);
const body = new ReadableStream({
  async start(c) {
    for (const part of ["one ", "two ", "three"]) c.enqueue(new TextEncoder().encode(part));
    c.close();
  },
});
const sent = await (await fetch(`${base}/llm/things`, {
  method: "POST", headers, body, duplex: "half",
})).json();
console.log("stream", sent.size, sent.start);
let events = "";
for await (const piece of (await fetch(`${base}/llm/sse/2`, { headers })).body)
  events += new TextDecoder().decode(piece);
console.log("events", events.split("\n\n").length - 1);
const refused = await fetch(`${base}/crm/contacts/1`, { method: "DELETE", headers });
console.log("refused", refused.status, (await refused.json()).reason);
