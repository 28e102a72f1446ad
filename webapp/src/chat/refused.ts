import { type Output, runsOf } from "./output";
import type { HostConnection } from "./view";

/** What the way out of a sandbox says, to a program and to the log, of a host that nobody granted. */
const NOT_GRANTED = /^network: ([!-~]{1,300}:\d{1,5}) is not granted to this conversation; ask the user to grant it$/gm;

/**
 * The hosts that a call was refused because nobody granted them. Without any grant there is no way out that tells of connections:
 * then only a line among the program's errors says so. Whatever says so, the user sees the host and decides.
 */
export function refusedPlaces(output: Output, connections: readonly HostConnection[]): string[] {
  const said = [
    ...runsOf(output.filter((chunk) => chunk.stream === "stderr")).map((run) => run.text),
    ...connections.filter((one) => !one.allowed).map((one) => one.reason ?? ""),
  ];
  return [...new Set(said.flatMap((text) => [...text.matchAll(NOT_GRANTED)].map((match) => match[1] ?? "")))];
}

/** Whether a grant is all that was missing. */
export function isNotGranted(connection: HostConnection): boolean {
  return !connection.allowed && refusedPlaces([], [connection]).length > 0;
}
