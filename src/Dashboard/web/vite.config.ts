import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import preact from '@preact/preset-vite'
import { defineConfig, type Plugin } from 'vite'

/** Where `npm run dev` finds the API: a running `fleet dev`. */
const api = process.env.FLEET_URL ?? 'http://127.0.0.1:8710'

/** The icons that the page uses, as shapes: `icons` of the module `virtual:icons`. */
const sprite = (names: string[]): Plugin => ({
  name: 'icons',
  resolveId: id => (id === 'virtual:icons' ? `\0${id}` : undefined),
  load: id => {
    if (id !== '\0virtual:icons') return
    const shapes = names.map(name => {
      const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, 'utf8')
      return [
        name,
        [...svg.matchAll(/<(path|circle|rect|line|polyline|polygon|ellipse) ([^>]*?)\s*\/>/g)].map(shape => [
          shape[1],
          Object.fromEntries([...shape[2].matchAll(/([\w-]+)="([^"]*)"/g)].map(a => [a[1], a[2]])),
        ]),
      ]
    })
    return `export const icons = ${JSON.stringify(Object.fromEntries(shapes))}`
  },
})

/** Writes the licenses of what the page contains beside its script. */
const licenses = (names: string[]): Plugin => ({
  name: 'licenses',
  apply: 'build',
  generateBundle() {
    const texts = names.map(name => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`)
    this.emitFile({ type: 'asset', name: 'licenses.txt', source: texts.join('\n---\n\n') })
  },
})

/** Writes each file of the build compressed beside it: the server sends it as it is. */
const compress = (): Plugin => ({
  name: 'compress',
  apply: 'build',
  writeBundle: ({ dir }) => {
    for (const name of readdirSync(join(dir!, 'assets'))) {
      const file = join(dir!, 'assets', name)
      const bytes = readFileSync(file)
      writeFileSync(`${file}.br`, brotliCompressSync(bytes))
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    }
  },
})

export default defineConfig({
  base: './',
  plugins: [
    preact(),
    licenses(['preact', '@preact/signals', '@preact/signals-core', 'preact-iso', 'uplot', 'lucide-static']),
    compress(),
    sprite([
      'calendar-days',
      'check',
      'chevron-down',
      'chevron-right',
      'clock',
      'copy',
      'download',
      'ellipsis',
      'history',
      'key-round',
      'layers',
      'layout-dashboard',
      'list',
      'log-out',
      'moon',
      'pause',
      'play',
      'rotate-ccw',
      'scroll-text',
      'search',
      'server',
      'skull',
      'sun',
      'sun-moon',
      'trash-2',
      'triangle-alert',
      'workflow',
      'wrench',
      'x',
    ]),
  ],
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', proxy: { '/api': api } },
})
