/** A server that many people use. */
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly baseUrl: string;
}

export const PRESETS: readonly [Preset, ...Preset[]] = [
  { name: "openai", title: "OpenAI", baseUrl: "https://api.openai.com/v1" },
  { name: "ollama", title: "Ollama (this machine)", baseUrl: "http://127.0.0.1:11434/v1" },
  { name: "lm-studio", title: "LM Studio (this machine)", baseUrl: "http://127.0.0.1:1234/v1" },
  { name: "vllm", title: "vLLM (this machine)", baseUrl: "http://127.0.0.1:8000/v1" },
  { name: "openrouter", title: "OpenRouter", baseUrl: "https://openrouter.ai/api/v1" },
  { name: "other", title: "Another OpenAI-compatible server", baseUrl: "https://" },
];
