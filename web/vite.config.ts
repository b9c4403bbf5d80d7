import { defineConfig } from "vitest/config";

// Built into the Python package: users need no Node. The service reads the manifest and names the files in its page.
export default defineConfig({
  base: "./",
  // office PCs are old: what Chromium 86 understands
  build: {
    outDir: "../service/web",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["chrome86", "firefox90", "safari15"],
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.tsx" },
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});
