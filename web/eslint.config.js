import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      // markup from data is never built by hand
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Texts go in as text." },
        { property: "dangerouslySetInnerHTML", message: "Texts go in as text." },
      ],
      "no-restricted-globals": ["error", "eval"],
    },
  },
);
