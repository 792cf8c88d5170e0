// One table of options: help names each option that a command parses, and each setting has its variable and its input.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS, helpOfAll } from '../src/cli/run.ts'
import { OPTIONS, SETTINGS } from '../src/option-table.ts'
import { settingsFromEnvironment, settingsFromInputs, settingsFromOptions } from '../src/settings.ts'

describe.each(COMMANDS.map((command) => [command.name, command] as const))(
  'layergate %s --help',
  (_name, { help: render, options }) => {
    const help = render()

    it('names each option that it takes, and no other', () => {
      const usage = help.split('\n').filter((line) => /^ {2}--|^Usage/.test(line))
      // What another command has the same is listed over several lines.
      const named = new Set(
        [...`${usage.join('\n')}\n${help.split('as with layergate scan')[0]}`.matchAll(/--([a-z][a-z-]+)/g)].map(
          ([, name]) => name,
        ),
      )
      for (const name of Object.keys(options)) expect(named, name).toContain(name)
      for (const line of usage)
        for (const [, name = ''] of line.matchAll(/(?:^ {2}|, )--([a-z][a-z-]+)/g))
          expect(Object.keys(options), name).toContain(name)
    })
  },
)

it('the help of all stays within 80 columns', () => {
  for (const line of [helpOfAll, ...COMMANDS.map(({ help }) => help)].flatMap((help) => help().split('\n')))
    expect(line.length, line).toBeLessThanOrEqual(80)
})

describe('each setting', () => {
  it.each(SETTINGS.map((source) => [source.option, source] as const))(
    '%s comes from option, variable and input',
    (option, { setting, variable, input }) => {
      expect(settingsFromOptions({ [option]: 'x' })[setting]).toBe('x')
      expect(settingsFromEnvironment({ [variable]: 'x' })[setting]).toBe('x')
      expect(settingsFromInputs((name) => (name === input ? 'x' : null))[setting]).toBe('x')
      expect(Object.values(settingsFromOptions({ [option]: 'x' })).filter((value) => value !== null)).toEqual(['x'])
    },
  )

  it('is an input of action.yml', () => {
    const { inputs } = parse(readFileSync(path.join(import.meta.dirname, '../action.yml'), 'utf8')) as {
      inputs: Record<string, unknown>
    }
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(SETTINGS.map(({ input }) => input)))
  })

  it('several Dockerfiles are one on a line', () => {
    expect(settingsFromOptions({ dockerfile: ['a', 'b'] }).dockerfile).toBe('a\nb')
  })
})

it('every option of the table belongs to a command', () => {
  const used = new Set(COMMANDS.flatMap(({ options }) => Object.keys(options)))
  expect(Object.keys(OPTIONS).filter((name) => !used.has(name))).toEqual([])
})
