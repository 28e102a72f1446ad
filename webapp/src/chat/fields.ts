import { ExactNumber } from "../api/json";
import type { EventData } from "../api/types";

/* Readers of event data: what is absent or of another type is undefined, whatever a server sends. */

export function text(data: EventData, name: string): string | undefined {
  const value = data[name];
  return typeof value === "string" ? value : undefined;
}

export function number(data: EventData, name: string): number | undefined {
  const given = data[name];
  const value = given instanceof ExactNumber ? Number(given.source) : given;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function flag(data: EventData, name: string): boolean {
  return data[name] === true;
}

export function record(data: EventData, name: string): EventData | undefined {
  const value = data[name];
  return isRecord(value) ? value : undefined;
}

export function records(data: EventData, name: string): readonly EventData[] {
  const value = data[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function texts(data: EventData, name: string): readonly string[] {
  const value = data[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

export function isRecord(value: unknown): value is EventData {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
