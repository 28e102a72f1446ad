/** Where the server gives a file of a conversation. */
export function artifactUrl(conversation: string, artifact: string): string {
  return `/api/conversations/${encodeURIComponent(conversation)}/artifacts/${encodeURIComponent(artifact)}`;
}
