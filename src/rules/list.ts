// All rules, sorted by id. To add one: its file, its page docs/rules/ID.md, its cases test/rules/ID/, and a line here.
import { baseNotAllowed } from './base/base-not-allowed.ts'
import { baseUnknown } from './base/base-unknown.ts'
import { notDistroless } from './base/not-distroless.ts'
import { credentialsInCommand } from './command/credentials-in-command.ts'
import { downloadUnverified } from './command/download-unverified.ts'
import { maintainerDeprecated } from './command/maintainer-deprecated.ts'
import { packageUpgrade } from './command/package-upgrade.ts'
import { passwordSet } from './command/password-set.ts'
import { pipeToShell } from './command/pipe-to-shell.ts'
import { plainHttpDownload } from './command/plain-http-download.ts'
import { privilegedBuild } from './command/privileged-build.ts'
import { recommendedPackages } from './command/recommended-packages.ts'
import { remoteAdd } from './command/remote-add.ts'
import { sudoInstalled } from './command/sudo-installed.ts'
import { sudoWithoutPassword } from './command/sudo-without-password.ts'
import { tlsVerificationOff } from './command/tls-verification-off.ts'
import { unauthenticatedPackages } from './command/unauthenticated-packages.ts'
import { unpinnedInstall } from './command/unpinned-install.ts'
import { updateWithoutInstall } from './command/update-without-install.ts'
import { authorizedKeys } from './compromise/authorized-keys.ts'
import { binaryReplaced } from './compromise/binary-replaced.ts'
import { cryptoMiner } from './compromise/crypto-miner.ts'
import { dataAfterArchiveEnd } from './compromise/data-after-archive-end.ts'
import { extraRootAccount } from './compromise/extra-root-account.ts'
import { hiddenExecutable } from './compromise/hidden-executable.ts'
import { knownIndicator } from './compromise/known-indicator.ts'
import { loaderPreload } from './compromise/loader-preload.ts'
import { packedExecutable } from './compromise/packed-executable.ts'
import { cronPersistence, initPersistence } from './compromise/persistence.ts'
import { reverseShell } from './compromise/reverse-shell.ts'
import { suspiciousUrl } from './compromise/suspicious-url.ts'
import { webShell } from './compromise/web-shell.ts'
import { buildToolsLeft } from './image/build-tools-left.ts'
import { contentNotInspected } from './image/content-not-inspected.ts'
import { packageCacheLeft } from './image/package-cache-left.ts'
import { setuidAdded } from './image/setuid-added.ts'
import { sshServer } from './image/ssh-server.ts'
import { worldWritable } from './image/world-writable.ts'
import type { BuildRule, Rule } from './rule.ts'
import { deletedSecret } from './secret/deleted-secret.ts'
import { generatedKey } from './secret/generated-key.ts'
import { secretInAttestation } from './secret/secret-in-attestation.ts'
import { secretInConfig } from './secret/secret-in-config.ts'
import { secretInEnv } from './secret/secret-in-env.ts'
import { secretInHistory } from './secret/secret-in-history.ts'
import { secretInImage } from './secret/secret-in-image.ts'
import { secretMountCopied } from './secret/secret-mount-copied.ts'
import { missingUser } from './user/missing-user.ts'
import { rootUser } from './user/root-user.ts'
import { userUnknown } from './user/user-unknown.ts'

/** Rules that need no image: `layergate lint` runs them on a Dockerfile. */
export const BUILD_RULES: readonly BuildRule[] = [
  baseNotAllowed as BuildRule,
  baseUnknown as BuildRule,
  credentialsInCommand,
  cryptoMiner,
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
  reverseShell,
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
  suspiciousUrl,
  tlsVerificationOff,
  unauthenticatedPackages,
  unpinnedInstall,
  updateWithoutInstall,
  worldWritable,
]

const IMAGE_RULES: readonly Rule[] = [
  authorizedKeys,
  binaryReplaced,
  buildToolsLeft,
  contentNotInspected,
  cronPersistence,
  dataAfterArchiveEnd,
  deletedSecret,
  extraRootAccount,
  generatedKey,
  hiddenExecutable,
  initPersistence,
  knownIndicator,
  loaderPreload,
  notDistroless,
  packageCacheLeft,
  packedExecutable,
  secretMountCopied,
  userUnknown,
  webShell,
]

/** All of them, sorted by id. */
export const RULES: readonly Rule[] = [...BUILD_RULES, ...IMAGE_RULES].sort((a, b) => (a.meta.id < b.meta.id ? -1 : 1))

export const findRule = (id: string): Rule | null => RULES.find(({ meta }) => meta.id === id) ?? null
