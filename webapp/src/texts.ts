/** Every text of the page, in one place so that it can be translated. */
export const texts = {
  markdown: {
    code: "code",
    copy: "Copy",
    copied: "Copied",
    copyCode: "Copy code",
    picture: "picture",
    pictureNotLoaded: (label: string) => `Picture not loaded: ${label}`,
  },
};
