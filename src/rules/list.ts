// All rules, sorted by id. To add one: its file, its page docs/rules/ID.md, its cases test/rules/ID/, and a line here.
import { baseNotAllowed } from './base-not-allowed.ts'
import { baseUnknown } from './base-unknown.ts'
import { contentNotInspected } from './content-not-inspected.ts'
import { deletedSecret } from './deleted-secret.ts'
import { generatedKey } from './generated-key.ts'
import { missingUser } from './missing-user.ts'
import { notDistroless } from './not-distroless.ts'
import { pipeToShell } from './pipe-to-shell.ts'
import { rootUser } from './root-user.ts'
import type { Rule } from './rule.ts'
import { secretInAttestation } from './secret-in-attestation.ts'
import { secretInConfig } from './secret-in-config.ts'
import { secretInEnv } from './secret-in-env.ts'
import { secretInHistory } from './secret-in-history.ts'
import { secretInImage } from './secret-in-image.ts'
import { tlsVerificationOff } from './tls-verification-off.ts'
import { userUnknown } from './user-unknown.ts'

export const RULES: readonly Rule[] = [
  baseNotAllowed as Rule,
  baseUnknown as Rule,
  contentNotInspected,
  deletedSecret,
  generatedKey,
  missingUser,
  notDistroless,
  pipeToShell,
  rootUser,
  secretInAttestation,
  secretInConfig,
  secretInEnv,
  secretInHistory,
  secretInImage,
  tlsVerificationOff,
  userUnknown,
]

export const findRule = (id: string): Rule | null => RULES.find(({ meta }) => meta.id === id) ?? null
