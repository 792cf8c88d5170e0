import { ImageError } from '../error.ts'
import { type Platform, platformName } from './platform.ts'

/** Layers of Windows images hold a registry hive and other paths: nothing here would be true of them. */
export function refuseWindows(where: string, platform: Platform): void {
  if (platform.os === 'windows')
    throw new ImageError(
      'windows',
      `${where} is a Windows image (${platformName(platform)}): Layergate judges Linux images. Name another platform with --platform if the source holds one.`,
    )
}
