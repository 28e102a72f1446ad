import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Nothing is inlined: the content security policy allows no inline script or style, and files cache better.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  server: {
    // `npm run mock` answers /api in development.
    proxy: { "/api": "http://127.0.0.1:8099" },
  },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Nothing here is about time: a machine that stands still for a while fails nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
