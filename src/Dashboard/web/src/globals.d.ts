declare module 'virtual:icons' {
  /** Name → its shapes: element and attributes. */
  export const icons: Record<string, [string, Record<string, string>][]>
}

/** The API that makes addresses of scripts trusted: not in the library of types yet. */
interface Window {
  trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } }
}
