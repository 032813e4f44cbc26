// The OpenAI library with nothing but a base URL and the placeholder for a key.
import OpenAI from "openai";

const [baseURL, apiKey, what] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 10000 });
const asked = { model: "m", messages: [{ role: "user", content: "say hello" }] };

if (what === "models") {
  const { data } = await client.models.list();
  console.log(data.map((m) => m.id).join(" "));
} else if (what === "chat") {
  const { choices } = await client.chat.completions.create(asked);
  console.log(choices[0].message.content);
} else if (what === "stream") {
  let text = "";
  for await (const piece of await client.chat.completions.create({ ...asked, stream: true }))
    text += piece.choices[0]?.delta?.content ?? "";
  console.log(text.trim());
} else {
  try {
    await client.models.list();
    console.log("let through");
  } catch (e) {
    console.log(e.status, e.message.includes("placeholder"));
  }
}
