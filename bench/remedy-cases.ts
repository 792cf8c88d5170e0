// Dockerfiles that leak, of every kind that people write, for bench/remedies.ts: what is copied and needed, what is made, what is given,
// in the ways in which it is used.
import { VALUES } from '../test/values.ts'

export interface RemedyCase {
  readonly name: string
  readonly dockerfile: string
  readonly files: Record<string, string>
  readonly args?: Readonly<Record<string, string>>
  /** Variables that `--secret env=` takes, beside the arguments. */
  readonly variables?: Readonly<Record<string, string>>
  /** A secret that stands in the Dockerfile. */
  readonly literal?: string
  /** Options of `docker run`, where the container is started before and after. */
  readonly run?: readonly string[]
  /** `change`: a change is certain, and must be there. `either`: none is fine too, as long as nothing breaks. */
  readonly wants: 'change' | 'either'
  /** What the remedy must say where there is no change. */
  readonly says?: RegExp
  /** The folder that is sent to the builder, where it is not that of the Dockerfile. */
  readonly context?: string
  /** A tar with one file. */
  readonly archive?: { readonly name: string; readonly path: string; readonly content: string }
}

const value = (name: string): string => VALUES[name]?.() ?? ''
const [GITHUB, NPM, GITLAB, SLACK] = ['github-token', 'npm-token', 'gitlab-token', 'slack-token'].map(value) as [
  string,
  string,
  string,
  string,
]
const KEY = `${value('ec-key')}\n`
const NPMRC = `//registry.npmjs.org/:_authToken=${NPM}\n`
const BASE = 'FROM scratch\nADD root.tar /\n'
const END = 'ENTRYPOINT ["cat", "/len"]\n'

/** A file that is copied, read and removed, in many ways. */
interface Copied {
  readonly about: string
  readonly file: string
  readonly at: string
  readonly content: string
}
const FILES: readonly Copied[] = [
  { about: '.npmrc', file: '.npmrc', at: '/app/.npmrc', content: NPMRC },
  {
    about: 'a .netrc of root',
    file: 'netrc',
    at: '/root/.netrc',
    content: `machine github.com login x password ${GITHUB}\n`,
  },
  { about: 'a key of ssh', file: 'deploy/id_rsa', at: '/root/.ssh/id_rsa', content: KEY },
  { about: 'a file of variables', file: 'build.env', at: '/app/build.env', content: `TOKEN=${GITLAB}\n` },
]
const USES: readonly { about: string; lines: (file: Copied) => string; wants?: 'either'; says?: RegExp }[] = [
  { about: 'read, and removed in the same RUN', lines: ({ at }) => `RUN wc -c < ${at} > /len && rm ${at}\n` },
  { about: 'read, and removed in another RUN', lines: ({ at }) => `RUN wc -c < ${at} > /len\nRUN rm -f ${at}\n` },
  {
    about: 'read twice',
    lines: ({ at }) => `RUN wc -c < ${at} > /len\nRUN test -s ${at} && echo yes > /yes\nRUN rm ${at}\n`,
  },
  { about: 'its mode is set first', lines: ({ at }) => `RUN chmod 600 ${at} && wc -c < ${at} > /len && rm ${at}\n` },
  {
    about: 'with a working directory',
    lines: ({ at }) =>
      `WORKDIR ${at.slice(0, at.lastIndexOf('/'))}\nRUN wc -c < ${at.slice(at.lastIndexOf('/') + 1)} > /len; rm ${at.slice(at.lastIndexOf('/') + 1)}\n`,
  },
  {
    about: 'in a chain over lines',
    lines: ({ at }) => `RUN set -e; \\\n    # counted\n    wc -c < ${at} > /len; \\\n    rm ${at}\n`,
    wants: 'either',
  },
  {
    about: 'changed',
    lines: ({ at }) => `RUN echo more >> ${at} && wc -c < ${at} > /len && rm ${at}\n`,
    wants: 'either',
    says: /writes to it/,
  },
  {
    about: 'moved',
    lines: ({ at }) => `RUN mv ${at} /tmp/x && wc -c < /tmp/x > /len && rm /tmp/x\n`,
    wants: 'either',
    says: /moves it/,
  },
  { about: 'used by a script', lines: ({ at }) => `RUN sh /count.sh ${at} > /len\nRUN rm ${at}\n` },
  {
    about: 'perhaps used by a script',
    lines: ({ at }) => `RUN sh /all.sh > /len\nRUN rm ${at}\n`,
    wants: 'either',
    says: /Nobody can tell whether .* reads it: if so, mount it there/,
  },
]
const SCRIPTS = {
  'count.sh': 'wc -c < "$1"\n',
  'all.sh': 'cat /app/.npmrc /root/.netrc /root/.ssh/id_rsa /app/build.env 2>/dev/null | wc -c\n',
}

const copied: RemedyCase[] = FILES.flatMap((file) =>
  USES.map(({ about, lines, wants, says }) => ({
    name: `COPY of ${file.about}: ${about}`,
    dockerfile: `${BASE}COPY count.sh all.sh /\nCOPY ${file.file} ${file.at}\n${lines(file)}${END}`,
    files: { ...SCRIPTS, [file.file]: file.content },
    run: [],
    wants: wants ?? ('change' as const),
    ...(says === undefined ? {} : { says }),
  })),
)

const whole: RemedyCase[] = [
  ['in a RUN of its own', 'RUN rm .npmrc\n', 'change'],
  ['after it was read', 'RUN wc -c < .npmrc > /len2\nRUN rm .npmrc\n', 'change'],
  ['with its folder', 'RUN rm -rf /app\n', 'either'],
  ['never', '', 'either'],
].map(([about = '', lines = '', wants]) => ({
  name: `COPY . takes .npmrc along, removed ${about}`,
  dockerfile: `${BASE}WORKDIR /app\nCOPY . .\n${lines}RUN echo 1 > /len\n${END}`,
  files: { '.npmrc': NPMRC, 'main.txt': 'x' },
  run: [],
  wants: wants === 'change' ? 'change' : 'either',
}))

const argumentsOf: RemedyCase[] = [
  ['one, named', 'ARG TOKEN\nRUN test -n "$TOKEN" && echo 1 > /len\n', { TOKEN: GITHUB }],
  ['one, in braces', 'ARG TOKEN\nRUN echo "${TOKEN}" | wc -c > /len\n', { TOKEN: GITHUB }],
  ['two in one RUN', 'ARG A\nARG B\nRUN test -n "$A" && test -n "$B" && echo 1 > /len\n', { A: GITHUB, B: NPM }],
  ['two in one ARG', 'ARG A B\nRUN test -n "$A" && test -n "$B" && echo 1 > /len\n', { A: GITHUB, B: NPM }],
  ['two in two RUNs', 'ARG A\nARG B\nRUN test -n "$A"\nRUN test -n "$B" && echo 1 > /len\n', { A: GITHUB, B: SLACK }],
  ['beside one that is none', 'ARG V=1\nARG TOKEN\nRUN test -n "$TOKEN" && echo "$V" > /len\n', { TOKEN: GITHUB }],
  [
    'by another user',
    'RUN mkdir /out && chmod 777 /out && touch /len && chmod 666 /len\nUSER 1000\nARG TOKEN\nRUN test -n "$TOKEN" && echo 1 > /len\n',
    { TOKEN: GITHUB },
  ],
  ['copied into ENV', 'ARG TOKEN\nENV T=$TOKEN\nRUN test -n "$T" && echo 1 > /len\n', { TOKEN: GITHUB }],
  ['that nothing uses', 'ARG TOKEN\nRUN echo 1 > /len\n', { TOKEN: GITHUB }],
  ['that a COPY uses', 'ARG TOKEN\nCOPY main.txt /$TOKEN\nRUN echo 1 > /len\n', { TOKEN: GITHUB }],
].map(([about, lines, args]) => ({
  name: `ARG: ${String(about)}`,
  dockerfile: `${BASE}${String(lines)}${END}`,
  files: { 'main.txt': 'x' },
  args: args as Record<string, string>,
  run: [],
  wants: /COPY/.test(String(lines)) ? 'either' : 'change',
}))

const variables: RemedyCase[] = [
  ['for the build', `ENV TOKEN=${GITHUB}\nRUN test -n "$TOKEN" && echo 1 > /len\n`],
  ['beside others', `ENV MODE=fast TOKEN=${GITHUB} LANG=C\nRUN test -n "$TOKEN" && echo "$MODE" > /len\n`],
  ['two at once', `ENV A=${GITHUB} B=${NPM}\nRUN test -n "$A" && test -n "$B" && echo 1 > /len\n`],
  ['in the old form', `ENV TOKEN ${GITHUB}\nRUN test -n "$TOKEN" && echo 1 > /len\n`],
  ['over lines', `ENV MODE=fast \\\n    TOKEN=${GITHUB}\nRUN test -n "$TOKEN" && echo 1 > /len\n`],
  ['for the container alone', `RUN echo 1 > /len\nENV TOKEN=${GITHUB}\n`],
  ['unset again', `ENV TOKEN=${GITHUB}\nRUN test -n "$TOKEN" && echo 1 > /len\nENV TOKEN=\n`],
].map(([about = '', lines = '']) => ({
  name: `ENV: ${about}`,
  dockerfile: `${BASE}${lines}${END}`,
  files: {},
  variables: { TOKEN: GITHUB, A: GITHUB, B: NPM },
  run: ['-e', `TOKEN=${GITHUB}`],
  wants: 'change',
}))

const literals: RemedyCase[] = [
  ['in single quotes', `RUN echo '${GITHUB}' | wc -c > /len\n`],
  ['in double quotes', `RUN echo "${GITHUB}" | wc -c > /len\n`],
  ['bare', `RUN echo ${GITHUB} | wc -c > /len\n`],
  ['behind a header', `RUN echo "Authorization: Bearer ${GITHUB}" | wc -c > /len\n`],
  ['in a header in single quotes', `RUN echo 'Authorization: Bearer ${GITHUB}' | wc -c > /len\n`],
  ['twice', `RUN echo ${GITHUB} > /dev/null && echo ${GITHUB} | wc -c > /len\n`],
  ['in two RUNs', `RUN echo ${GITHUB} > /dev/null\nRUN echo ${GITHUB} | wc -c > /len\n`],
  ['in a label', `LABEL token=${GITHUB}\nRUN echo 1 > /len\n`],
].map(([about = '', lines = '']) => ({
  name: `the value itself: ${about}`,
  dockerfile: `${BASE}${lines}${END}`,
  files: {},
  literal: GITHUB,
  run: [],
  wants: 'change',
}))

const MAKE = `echo ${GITHUB.slice(0, 9)}""${GITHUB.slice(9)}\n`
const made: RemedyCase[] = [
  ['and removed next', 'RUN sh /make.sh > /tmp/k\nRUN wc -c < /tmp/k > /len && rm /tmp/k\n', 'change'],
  ['and removed two later', 'RUN sh /make.sh > /tmp/k\nRUN wc -c < /tmp/k > /len\nRUN rm /tmp/k\n', 'change'],
  ['after a cd', 'RUN cd /tmp && sh /make.sh > k\nRUN wc -c < /tmp/k > /len && rm /tmp/k\n', 'either'],
  [
    'with a COPY between',
    'WORKDIR /w\nRUN sh /make.sh > /tmp/k\nCOPY main.txt .\nRUN wc -c < /tmp/k > len && rm /tmp/k\n',
    'either',
  ],
  ['and kept', 'RUN sh /make.sh > /k && echo 1 > /len\n', 'either'],
].map(([about = '', lines = '', wants]) => ({
  name: `made by a RUN ${about}`,
  dockerfile: `${BASE}COPY make.sh /\n${lines}${lines.includes('WORKDIR') ? 'ENTRYPOINT ["cat", "/w/len"]\n' : END}`,
  files: { 'make.sh': MAKE, 'main.txt': 'x' },
  run: [],
  wants: wants === 'change' ? 'change' : 'either',
}))

const together: RemedyCase[] = [
  {
    name: 'two files of one COPY, removed together',
    dockerfile: `${BASE}COPY .npmrc build.env /app/\nRUN wc -c < /app/.npmrc > /len\nRUN . /app/build.env && test -n "$TOKEN"\nRUN rm /app/.npmrc /app/build.env\n${END}`,
    files: { '.npmrc': NPMRC, 'build.env': `TOKEN=${GITLAB}\n` },
    run: [],
    wants: 'change',
  },
  {
    name: 'two files, each removed by itself in one RUN',
    dockerfile: `${BASE}COPY a.env b.env /\nRUN wc -c < /a.env > /len && rm /a.env && rm /b.env\n${END}`,
    files: { 'a.env': `TOKEN=${GITLAB}\n`, 'b.env': `TOKEN=${SLACK}\n` },
    run: [],
    wants: 'change',
  },
  {
    name: 'a file, an argument and a variable in one RUN',
    dockerfile: `${BASE}COPY .npmrc /app/\nARG A\nENV B=${SLACK}\nRUN wc -c < /app/.npmrc > /len && test -n "$A" && test -n "$B" && rm /app/.npmrc\n${END}`,
    files: { '.npmrc': NPMRC },
    args: { A: GITHUB },
    variables: { B: SLACK },
    run: [],
    wants: 'change',
  },
  {
    name: 'two files of the same name',
    dockerfile: `${BASE}COPY a/.npmrc /a/.npmrc\nCOPY b/.npmrc /b/.npmrc\nRUN wc -c < /a/.npmrc > /len && wc -c < /b/.npmrc > /len2\nRUN rm /a/.npmrc /b/.npmrc\n${END}`,
    files: { 'a/.npmrc': NPMRC, 'b/.npmrc': `//npm.pkg.github.com/:_authToken=${GITHUB}\n` },
    run: [],
    wants: 'change',
  },
  {
    name: 'a file that the container reads',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nENTRYPOINT ["wc", "-c", "/app/.env"]\n`,
    files: { '.env': `TOKEN=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /leaves it out.*give it the variables then: `docker run --env-file .*compose: `env_file.*Kubernetes: `envFrom`/,
  },
  {
    name: 'a script that the container starts with',
    dockerfile: `${BASE}COPY begin.sh /begin.sh\nENTRYPOINT ["sh", "/begin.sh"]\n`,
    files: { 'begin.sh': `TOKEN=${GITLAB}\necho started\n` },
    run: [],
    wants: 'either',
    says: /Take the value out of the file, and let the program read it from its environment/,
  },
  {
    name: 'a key that the container serves with',
    dockerfile: `${BASE}COPY certs/server.key /certs/server.key\nRUN test -s /certs/server.key\nENTRYPOINT ["wc", "-c", "/certs/server.key"]\n`,
    files: { 'certs/server.key': KEY },
    run: [],
    wants: 'either',
    says: /Replace the key.*mount it then: `docker run -v .*compose: `volumes.*Kubernetes: a Secret with `mountPath/,
  },
  {
    name: 'a file that another stage needs too',
    dockerfile: `FROM scratch AS build\nADD root.tar /\nCOPY pay.ini /pay.ini\nRUN wc -c < /pay.ini > /len\n${BASE}COPY --from=build /len /len\nCOPY . /app\nRUN rm /app/pay.ini\n${END}`,
    files: { 'pay.ini': `token=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /COPY in line 3 takes it too/,
  },
  {
    name: 'a folder, read and removed in one RUN',
    dockerfile: `${BASE}COPY conf /conf\nRUN wc -c < /conf/pay.ini > /len && rm -rf /conf\n${END}`,
    files: { 'conf/pay.ini': `token=${GITLAB}\n`, 'conf/mode.ini': 'mode=fast\n' },
    run: [],
    wants: 'change',
  },
  {
    name: 'a folder, read in one RUN and removed in another',
    dockerfile: `${BASE}COPY conf /conf\nRUN cat /conf/mode.ini && wc -c < /conf/pay.ini > /len\nRUN rm -rf /conf\n${END}`,
    files: { 'conf/pay.ini': `token=${GITLAB}\n`, 'conf/mode.ini': 'mode=fast\n' },
    run: [],
    wants: 'change',
  },
  {
    name: 'a folder with one file, removed',
    dockerfile: `${BASE}COPY conf/ /conf/\nRUN wc -c < /conf/pay.ini > /len && rm -r /conf\n${END}`,
    files: { 'conf/pay.ini': `token=${GITLAB}\n` },
    run: [],
    wants: 'change',
  },
  {
    name: 'a file, removed with its folder',
    dockerfile: `${BASE}COPY pay.ini /conf/pay.ini\nRUN wc -c < /conf/pay.ini > /len && rm -rf /conf\n${END}`,
    files: { 'pay.ini': `token=${GITLAB}\n` },
    run: [],
    wants: 'change',
  },
  {
    name: 'a folder without -f, whose COPY would go',
    dockerfile: `${BASE}COPY pay.ini /conf/pay.ini\nRUN wc -c < /conf/pay.ini > /len\nRUN rm -r /conf\n${END}`,
    files: { 'pay.ini': `token=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /take it out of that command by hand/,
  },
  ...[
    ['the whole context, not read', 'COPY . .\nRUN echo 1 > /app/len\n'],
    ['the whole context, read', 'COPY . .\nRUN wc -c < .npmrc > /app/len\n'],
    ['by its name, read', 'COPY main.txt .npmrc ./\nRUN wc -c < /app/.npmrc > /app/len\n'],
    ['by its name alone, read', 'COPY .npmrc ./\nCOPY main.txt ./\nRUN wc -c < /app/.npmrc > /app/len\n'],
    ['by its name, its mode set', 'COPY .npmrc ./\nRUN chmod 600 .npmrc && wc -c < /app/.npmrc > /app/len\n'],
    ['made there', 'COPY make.sh /make.sh\nRUN sh /make.sh > .npmrc && wc -c < .npmrc > len\n'],
    ['changed there', 'COPY . .\nRUN echo more >> .npmrc && wc -c < .npmrc > len\n'],
    ['perhaps read by a script', 'COPY . .\nRUN sh /app/all.sh > len\n'],
  ].map(
    ([about = '', lines = '']): RemedyCase => ({
      name: `COPY --from of a stage that has .npmrc: ${about}`,
      dockerfile: `FROM scratch AS build\nADD root.tar /\nWORKDIR /app\n${lines}${BASE}WORKDIR /srv\nCOPY --from=build /app ./\nENTRYPOINT ["cat", "/srv/len"]\n`,
      files: {
        '.npmrc': NPMRC,
        'main.txt': 'x',
        'make.sh': MAKE,
        'all.sh': 'cat /app/.npmrc | wc -c\n',
        '.dockerignore': 'root.tar\n!root.tar\n',
      },
      run: [],
      wants: 'change',
    }),
  ),
  {
    name: 'COPY --from of the file itself, removed again',
    dockerfile: `FROM scratch AS build\nADD root.tar /\nWORKDIR /app\nCOPY . .\nRUN wc -c < .npmrc > len\n${BASE}COPY --from=build /app/len /app/.npmrc /srv/\nRUN rm /srv/.npmrc\nENTRYPOINT ["cat", "/srv/len"]\n`,
    files: { '.npmrc': NPMRC },
    run: [],
    wants: 'change',
  },
  {
    name: 'COPY --from of a file that the container reads',
    dockerfile: `FROM scratch AS build\nADD root.tar /\nWORKDIR /app\nCOPY . .\n${BASE}COPY --from=build /app /app\nENTRYPOINT ["wc", "-c", "/app/.env"]\n`,
    files: { '.env': `TOKEN=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /give it the variables then: `docker run --env-file/,
  },
  {
    name: 'the context of a monorepo, the Dockerfile elsewhere',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nRUN wc -c < .npmrc > /len\nRUN rm .npmrc\n${END}`,
    files: { 'services/api/.npmrc': NPMRC, 'services/api/main.txt': 'x', 'services/web/.npmrc': 'x\n' },
    context: 'services/api',
    run: [],
    wants: 'change',
  },
  {
    name: 'the context of a monorepo with patterns of its own',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nRUN rm deploy.env && echo 1 > /len\n${END}`,
    files: { 'services/api/deploy.env': `TOKEN=${GITLAB}\n`, 'services/api/.dockerignore': 'dist\n' },
    context: 'services/api',
    run: [],
    wants: 'change',
  },
  {
    name: 'lists that a package manager leaves',
    dockerfile: `${BASE}COPY make.sh /\nRUN mkdir -p /var/lib/apt/lists && sh /make.sh > /var/lib/apt/lists/x_Packages && echo 1 > /len\n${END}`,
    files: { 'make.sh': MAKE },
    run: [],
    wants: 'change',
  },
  {
    name: 'code of the application that holds a value',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nENTRYPOINT ["wc", "-c", "/app/config.js"]\n`,
    files: { 'config.js': `export const key = '${GITLAB}'\n` },
    run: [],
    wants: 'either',
    says: /Take the value out of the file, and let the program read it from its environment/,
  },
  {
    name: 'a settings file that a RUN changes and the container reads',
    dockerfile: `${BASE}COPY app.ini /app.ini\nRUN sed -i s/a/b/ /app.ini\nENTRYPOINT ["wc", "-c", "/app.ini"]\n`,
    files: { 'app.ini': `token = ${GITLAB}\n` },
    run: [],
    wants: 'either',
  },
  {
    name: 'what ADD unpacks',
    dockerfile: `${BASE}ADD home.tar /\nRUN wc -c < /etc/pay.ini > /len\n${END}`,
    files: {},
    archive: { name: 'home.tar', path: 'etc/pay.ini', content: `token=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /Take \/etc\/pay\.ini out of the archive home\.tar, which ADD unpacks/,
  },
  {
    name: 'several leaks that have nothing to do with each other',
    dockerfile: `${BASE}COPY .npmrc /app/.npmrc\nRUN wc -c < /app/.npmrc > /len\nRUN rm /app/.npmrc\nARG A\nRUN test -n "$A"\nENV B=${SLACK}\nRUN test -n "$B"\nRUN echo '${GITHUB}' | wc -c > /len2\n${END}`,
    files: { '.npmrc': NPMRC },
    args: { A: GITLAB },
    variables: { B: SLACK },
    literal: GITHUB,
    run: [],
    wants: 'change',
  },
  {
    name: 'an argument of two stages',
    dockerfile: `FROM scratch AS build\nADD root.tar /\nARG TOKEN\nRUN test -n "$TOKEN" && echo 1 > /len\n${BASE}ARG TOKEN\nRUN test -n "$TOKEN"\nCOPY --from=build /len /len\n${END}`,
    files: {},
    args: { TOKEN: GITHUB },
    run: [],
    wants: 'change',
  },
  {
    name: 'a user that a RUN makes before',
    dockerfile: `${BASE}RUN echo ops:x:1001:1001::/:/bin/sh >> /etc/passwd && touch /len && chmod 666 /len\nCOPY .npmrc /app/.npmrc\nRUN rm /app/.npmrc\nUSER ops\nRUN echo 1 > /len\n${END}`,
    files: { '.npmrc': NPMRC },
    run: [],
    wants: 'change',
  },
  {
    name: 'a folder that only the COPY makes',
    dockerfile: `${BASE}COPY conf/app.env /conf/app.env\nRUN rm /conf/app.env && touch /conf/ready\nRUN echo 1 > /len\n${END}`,
    files: { 'conf/app.env': `TOKEN=${GITLAB}\n` },
    run: [],
    wants: 'either',
    says: /COPY makes \/conf too, which RUN in line \d may need/,
  },
]

export const CASES: readonly RemedyCase[] = [
  ...copied,
  ...whole,
  ...argumentsOf,
  ...variables,
  ...literals,
  ...made,
  ...together,
]
