import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          globalSetup: ['test/kit/shared-ground.ts'],
        },
      },
      { test: { name: 'image', include: ['test/image/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'live',
          include: ['test/chart/live/*.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'chart',
          include: ['test/chart/*.test.ts'],
          testTimeout: 120_000,
          globalSetup: ['test/chart/kit/tools.ts'],
        },
      },
    ],
  },
})
