// All rules, sorted by id. To add one: its file, its page docs/rules/ID.md, its cases test/rules/ID/, and a line here.
import { baseNotAllowed } from './base-not-allowed.ts'
import { baseUnknown } from './base-unknown.ts'
import { buildToolsLeft } from './build-tools-left.ts'
import { contentNotInspected } from './content-not-inspected.ts'
import { credentialsInCommand } from './credentials-in-command.ts'
import { deletedSecret } from './deleted-secret.ts'
import { downloadUnverified } from './download-unverified.ts'
import { generatedKey } from './generated-key.ts'
import { maintainerDeprecated } from './maintainer-deprecated.ts'
import { missingUser } from './missing-user.ts'
import { notDistroless } from './not-distroless.ts'
import { packageCacheLeft } from './package-cache-left.ts'
import { packageUpgrade } from './package-upgrade.ts'
import { passwordSet } from './password-set.ts'
import { pipeToShell } from './pipe-to-shell.ts'
import { plainHttpDownload } from './plain-http-download.ts'
import { privilegedBuild } from './privileged-build.ts'
import { recommendedPackages } from './recommended-packages.ts'
import { remoteAdd } from './remote-add.ts'
import { rootUser } from './root-user.ts'
import type { BuildRule, Rule } from './rule.ts'
import { secretInAttestation } from './secret-in-attestation.ts'
import { secretInConfig } from './secret-in-config.ts'
import { secretInEnv } from './secret-in-env.ts'
import { secretInHistory } from './secret-in-history.ts'
import { secretInImage } from './secret-in-image.ts'
import { secretMountCopied } from './secret-mount-copied.ts'
import { setuidAdded } from './setuid-added.ts'
import { sshServer } from './ssh-server.ts'
import { sudoInstalled } from './sudo-installed.ts'
import { sudoWithoutPassword } from './sudo-without-password.ts'
import { tlsVerificationOff } from './tls-verification-off.ts'
import { unauthenticatedPackages } from './unauthenticated-packages.ts'
import { unpinnedInstall } from './unpinned-install.ts'
import { updateWithoutInstall } from './update-without-install.ts'
import { userUnknown } from './user-unknown.ts'
import { worldWritable } from './world-writable.ts'

/** Rules that need no image: `layergate lint` runs them on a Dockerfile. */
export const BUILD_RULES: readonly BuildRule[] = [
  baseNotAllowed as BuildRule,
  baseUnknown as BuildRule,
  credentialsInCommand,
  downloadUnverified,
  maintainerDeprecated,
  missingUser,
  packageUpgrade,
  passwordSet,
  pipeToShell,
  plainHttpDownload,
  privilegedBuild,
  recommendedPackages,
  remoteAdd,
  rootUser,
  secretInAttestation,
  secretInConfig,
  secretInEnv,
  secretInHistory,
  secretInImage,
  setuidAdded,
  sshServer,
  sudoInstalled,
  sudoWithoutPassword,
  tlsVerificationOff,
  unauthenticatedPackages,
  unpinnedInstall,
  updateWithoutInstall,
  worldWritable,
]

const IMAGE_RULES: readonly Rule[] = [
  buildToolsLeft,
  contentNotInspected,
  deletedSecret,
  generatedKey,
  notDistroless,
  packageCacheLeft,
  secretMountCopied,
  userUnknown,
]

/** All of them, sorted by id. */
export const RULES: readonly Rule[] = [...BUILD_RULES, ...IMAGE_RULES].sort((a, b) => (a.meta.id < b.meta.id ? -1 : 1))

export const findRule = (id: string): Rule | null => RULES.find(({ meta }) => meta.id === id) ?? null
