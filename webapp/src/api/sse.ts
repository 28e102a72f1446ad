/** One server-sent event. */
export interface ServerEvent {
  readonly id?: string;
  readonly data: string;
}

/** Cuts a text stream of server-sent events into events, wherever the pieces were cut. Event names are not used. */
export class SseParser {
  private rest = "";
  private data: string[] = [];
  private id: string | undefined;

  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.rest += piece;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.rest);
      if (!end) {
        return events;
      }
      const line = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      if (line === "") {
        if (this.data.length > 0) {
          const data = this.data.join("\n");
          events.push(this.id === undefined ? { data } : { id: this.id, data });
        }
        this.data = [];
        this.id = undefined;
      } else {
        this.field(line);
      }
    }
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) {
      return;
    }
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") {
      this.data.push(value);
    } else if (name === "id") {
      this.id = value;
    }
  }
}
