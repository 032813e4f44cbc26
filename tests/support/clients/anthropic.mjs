// The Anthropic library, likewise.
import Anthropic from "@anthropic-ai/sdk";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0, timeout: 10000 });
const { content } = await client.messages.create({
  model: "m", max_tokens: 10, messages: [{ role: "user", content: "say hello" }],
});
console.log(content[0].text);
